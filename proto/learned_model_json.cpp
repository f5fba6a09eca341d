#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <cmath>

#include "proto/learned_model.hpp"
#include "proto/timestamp.hpp"

namespace telltale::proto {

namespace {

using rapidjson::Value;

constexpr std::string_view format_key = "telltale_model";
constexpr std::uint32_t format = 1;

template <class Writer>
void put(Writer& json, std::string_view text) {
  json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

template <class Writer>
void put(Writer& json, double value) {
  constexpr double exact = 9'007'199'254'740'992;  // whole numbers without a point, as people write them
  if (value == std::trunc(value) && std::abs(value) < exact) {
    json.Int64(static_cast<std::int64_t>(value));
  } else {
    json.Double(value);
  }
}

template <class Writer>
void put(Writer& json, const LearnedModel& m) {
  json.StartObject();
  const std::pair<const char*, const std::string*> texts[] = {{"tenant", &m.tenant}, {"site", &m.site},
                                                              {"device", &m.device}, {"metric", &m.metric},
                                                              {"rule", &m.rule},     {"type", &m.type}};
  for (const auto& [key, text] : texts) {
    put(json, std::string_view(key));
    put(json, *text);
  }
  put(json, std::string_view("version"));
  json.Uint(m.version);
  put(json, std::string_view("state"));
  json.StartObject();
  for (const auto& [name, values] : m.numbers) {
    put(json, name);
    if (values.size() == 1) {
      put(json, values.front());
      continue;
    }
    json.StartArray();
    for (const double v : values) put(json, v);
    json.EndArray();
  }
  json.EndObject();
  json.EndObject();
}

/// Reads one model; `problem` says what is wrong with it, and where.
class Reader {
 public:
  explicit Reader(std::string place) : place_(std::move(place)) {}

  bool read(const Value& v, LearnedModel& m) {
    if (!v.IsObject()) return wrong("", "expected an object");
    for (const auto& [key, out] : {std::pair{"tenant", &m.tenant},
                                   {"site", &m.site},
                                   {"device", &m.device},
                                   {"metric", &m.metric},
                                   {"rule", &m.rule},
                                   {"type", &m.type}})
      if (!text(v, key, *out)) return false;
    const auto version = v.FindMember("version");
    if (version == v.MemberEnd() || !version->value.IsUint()) return wrong(".version", "expected a whole number");
    m.version = version->value.GetUint();
    const auto state = v.FindMember("state");
    if (state == v.MemberEnd() || !state->value.IsObject()) return wrong(".state", "expected an object");
    for (const auto& member : state->value.GetObject())
      if (!numbers(member.name.GetString(), member.value, m)) return false;
    return true;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool wrong(const std::string& where, const std::string& what) {
    problem_ = place_ + where + ": " + what;
    return false;
  }
  bool text(const Value& v, const char* key, std::string& out) {
    const auto found = v.FindMember(key);
    if (found == v.MemberEnd() || !found->value.IsString()) return wrong(std::string(".") + key, "expected a text");
    out.assign(found->value.GetString(), found->value.GetStringLength());
    return true;
  }
  bool numbers(const std::string& name, const Value& v, LearnedModel& m) {
    auto& values = m.numbers.emplace_back(name, std::vector<double>{}).second;
    const auto number = [&](const Value& one) {
      if (!one.IsNumber()) return wrong(".state." + name, "expected numbers");
      values.push_back(one.GetDouble());
      return true;
    };
    if (!v.IsArray()) return number(v);
    return std::ranges::all_of(v.GetArray(), number);
  }
  std::string place_;
  std::string problem_;
};

}  // namespace

std::string models_to_json(const std::vector<LearnedModel>& models, Timestamp as_of) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter json(buffer);
  json.SetIndent(' ', 1);
  json.SetFormatOptions(rapidjson::kFormatSingleLineArray);
  json.StartObject();
  put(json, format_key);
  json.Uint(format);
  put(json, std::string_view("time"));
  put(json, format_rfc3339(as_of));
  put(json, std::string_view("models"));
  json.StartArray();
  for (const auto& model : models) put(json, model);
  json.EndArray();
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

Result<std::vector<LearnedModel>, std::string> models_from_json(std::string_view text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseFullPrecisionFlag>(text.data(), text.size());
  if (document.HasParseError()) {
    const auto before = text.substr(0, document.GetErrorOffset());
    return fail("line " + std::to_string(std::ranges::count(before, '\n') + 1) + ": " +
                rapidjson::GetParseError_En(document.GetParseError()));
  }
  const std::string key(format_key);
  if (!document.IsObject() || !document.HasMember(key.c_str()))
    return fail(std::string("no file of `telltale model export`: it has no \"") + key + "\"");
  const auto& version = document[key.c_str()];
  if (!version.IsUint() || version.GetUint() != format)
    return fail(key + ": this telltale reads format " + std::to_string(format));
  const auto list = document.FindMember("models");
  if (list == document.MemberEnd() || !list->value.IsArray()) return fail(std::string("models: expected an array"));
  std::vector<LearnedModel> models;
  for (const auto& value : list->value.GetArray()) {
    Reader reader("models[" + std::to_string(models.size()) + "]");
    if (!reader.read(value, models.emplace_back())) return fail(reader.problem());
  }
  return models;
}

}  // namespace telltale::proto
