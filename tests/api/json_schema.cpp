#include "tests/api/json_schema.hpp"

#include <rapidjson/pointer.h>

#include <algorithm>
#include <stdexcept>

namespace telltale::test {

namespace {

using rapidjson::Value;

bool is_of_type(const Value& value, const std::string& type) {
  if (type == "object") return value.IsObject();
  if (type == "array") return value.IsArray();
  if (type == "string") return value.IsString();
  if (type == "integer") return value.IsInt64() || value.IsUint64();
  if (type == "number") return value.IsNumber();
  if (type == "boolean") return value.IsBool();
  throw std::runtime_error("unknown type in the schema: " + type);
}

bool fits_type(const Value& value, const Value& type) {
  if (type.IsString()) return is_of_type(value, type.GetString());
  const auto types = type.GetArray();
  return std::any_of(types.begin(), types.end(), [&](const Value& t) { return is_of_type(value, t.GetString()); });
}

bool is_one_of(const Value& value, const Value& list) {
  const auto values = list.GetArray();
  return std::any_of(values.begin(), values.end(), [&](const Value& v) { return v == value; });
}

std::string members_misfit(const Value& value, const Value& schema, const rapidjson::Document& document,
                           const std::string& where) {
  if (schema.HasMember("required")) {
    for (const auto& name : schema["required"].GetArray())
      if (!value.HasMember(name)) return where + ": has no " + name.GetString();
  }
  for (const auto& member : value.GetObject()) {
    const auto here = where + "/" + member.name.GetString();
    if (schema.HasMember("properties") && schema["properties"].HasMember(member.name)) {
      if (auto wrong = misfit(member.value, schema["properties"][member.name], document, here); !wrong.empty())
        return wrong;
    } else if (schema.HasMember("additionalProperties")) {
      const auto& more = schema["additionalProperties"];
      if (more.IsBool() && !more.GetBool()) return here + ": is not described";
      if (more.IsObject())
        if (auto wrong = misfit(member.value, more, document, here); !wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace

const Value& resolved(const Value& maybe_reference, const rapidjson::Document& document) {
  if (!maybe_reference.IsObject() || !maybe_reference.HasMember("$ref")) return maybe_reference;
  const std::string to = maybe_reference["$ref"].GetString();
  const auto* found = rapidjson::Pointer(to.c_str()).Get(document);
  if (found == nullptr) throw std::runtime_error("the description has no " + to);
  return *found;
}

std::string misfit(const Value& value, const Value& given, const rapidjson::Document& document,
                   const std::string& where) {
  const auto& schema = resolved(given, document);
  for (const auto& keyword : schema.GetObject()) {
    const std::string name = keyword.name.GetString();
    if (name == "type") {
      if (!fits_type(value, keyword.value)) return where + ": has another type";
    } else if (name == "enum") {
      if (!is_one_of(value, keyword.value)) return where + ": is none of the listed values";
    } else if (name == "oneOf") {
      const auto choices = keyword.value.GetArray();
      if (std::none_of(choices.begin(), choices.end(),
                       [&](const Value& choice) { return misfit(value, choice, document).empty(); }))
        return where + ": fits none of the shapes";
    } else if (name == "items" && value.IsArray()) {
      for (const auto& item : value.GetArray())
        if (auto wrong = misfit(item, keyword.value, document, where + "/*"); !wrong.empty()) return wrong;
    } else if (name == "maximum") {
      if (value.GetDouble() > keyword.value.GetDouble()) return where + ": is more than the maximum";
    }
  }
  return value.IsObject() ? members_misfit(value, schema, document, where) : "";
}

}  // namespace telltale::test
