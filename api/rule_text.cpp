#include "api/rule_text.hpp"

#include <rapidjson/document.h>

#include <cassert>

#include "api/json_text.hpp"
#include "proto/number_text.hpp"

namespace telltale::api {

namespace {

constexpr int deepest = 4;

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

/// The escapes of JSON are those of TOML. False: deeper than any rule is.
bool append_value(std::string& out, const rapidjson::Value& value, int depth) {
  if (depth > deepest) return false;
  if (value.IsString()) {
    append_json_string(out, view(value));
  } else if (value.IsInt64()) {
    out += std::to_string(value.GetInt64());
  } else if (value.IsNumber()) {
    out += proto::number_text(value.GetDouble());
  } else if (value.IsArray()) {
    out += '[';
    for (const auto& item : value.GetArray()) {
      if (!append_value(out, item, depth + 1)) return false;
      out += ',';
    }
    out += ']';
  } else if (value.IsObject()) {
    out += '{';
    bool first = true;
    for (const auto& member : value.GetObject()) {
      if (member.value.IsNull()) continue;
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, view(member.name));
      out += '=';
      if (!append_value(out, member.value, depth + 1)) return false;
    }
    out += '}';
  } else {
    out += value.IsTrue() ? "true" : "false";
  }
  return true;
}

}  // namespace

Result<RuleText, std::string> rule_text(std::string_view object) {
  rapidjson::Document json;
  json.Parse<rapidjson::kParseIterativeFlag>(object.data(), object.size());
  assert(!json.HasParseError() && json.IsObject());
  RuleText text{"[[rule]]\n", {}};
  for (const auto& member : json.GetObject()) {
    if (member.value.IsNull()) continue;
    text.members.emplace_back(view(member.name));
    append_json_string(text.toml, view(member.name));
    text.toml += '=';
    if (!append_value(text.toml, member.value, 1)) return fail("too deep: no rule has that");
    text.toml += '\n';
  }
  return text;
}

}  // namespace telltale::api
