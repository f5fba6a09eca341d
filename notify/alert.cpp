#include "notify/alert.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace telltale::notify {

namespace {

std::string text_of(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

std::optional<Timestamp> time_of(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsInt64()) return std::nullopt;
  return from_ms(found->value.GetInt64());
}

std::string number_of(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsNumber()) return {};
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, found->value.GetDouble()).ptr;
  return {digits, end};
}

/// The enumerator whose name is `word`, of the first `count`.
template <class Enum>
std::optional<Enum> by_name(std::string_view word, std::uint8_t count) {
  for (std::uint8_t i = 0; i < count; ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

class Fnv1a {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) add(static_cast<unsigned char>(byte));
    add(static_cast<unsigned char>(0xFF));
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void add(unsigned char byte) {
    hash_ ^= byte;
    hash_ *= 0x100000001b3ull;
  }
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
};

}  // namespace

std::optional<Alert> read_alert(std::string_view tenant, std::string_view payload) {
  rapidjson::Document object;
  object.Parse(payload.data(), payload.size());
  if (object.HasParseError() || !object.IsObject()) return std::nullopt;
  const auto state = by_name<proto::AlertState>(text_of(object, "state"), 6);
  const auto severity = by_name<proto::Severity>(text_of(object, "severity"), 3);
  const auto ts = time_of(object, "ts");
  Alert alert;
  alert.id = text_of(object, "id");
  alert.rule = text_of(object, "rule");
  if (!state || !severity || !ts || alert.id.empty() || alert.rule.empty()) return std::nullopt;
  alert.state = *state;
  alert.severity = *severity;
  alert.ts = *ts;
  alert.started = time_of(object, "started_ts").value_or(*ts);
  alert.key = alert.id + '/' + std::string(to_string(*severity));
  alert.payload = payload;
  alert.tenant = tenant;
  alert.multi_tenant = object.HasMember("tenant");
  alert.site = text_of(object, "site");
  alert.device = text_of(object, "device");
  alert.metric = text_of(object, "metric");
  alert.value = number_of(object, "value");
  alert.summary = text_of(object, "summary");
  alert.runbook = text_of(object, "runbook");
  return alert;
}

Pairs Alert::labels() const {
  Pairs all{{"alertname", rule}, {"severity", std::string(to_string(severity))}, {"site", site}, {"device", device}};
  if (!metric.empty() && metric != "_") all.emplace_back("metric", metric);
  if (multi_tenant) all.emplace_back("tenant", tenant);
  return all;
}

Pairs Alert::annotations() const {
  Pairs all{{"summary", summary}};
  if (!value.empty()) all.emplace_back("value", value);
  if (!runbook.empty()) all.emplace_back("runbook_url", runbook);
  return all;
}

std::string Alert::headline() const {
  std::string text = rule;
  if (device != "-") text += ' ' + device;
  if (site != "-") text += device == "-" ? ' ' + site : " (" + site + ')';
  return text;
}

std::string fingerprint(Pairs labels) {
  std::sort(labels.begin(), labels.end());
  Fnv1a hash;
  for (const auto& [name, value] : labels) {
    hash.add(name);
    hash.add(value);
  }
  std::array<char, 16> digits{};
  digits.fill('0');
  std::array<char, 16> raw{};
  const auto end = std::to_chars(raw.data(), raw.data() + raw.size(), hash.value(), 16).ptr;
  std::copy(raw.data(), end, digits.end() - (end - raw.data()));
  return {digits.begin(), digits.end()};
}

}  // namespace telltale::notify
