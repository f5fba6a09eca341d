#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <string_view>

#include "backtest/report.hpp"
#include "proto/timestamp.hpp"
#include "store/day.hpp"

namespace telltale::backtest {

namespace {

/// Absent values are absent keys, as in all our JSON.
class Json {
 public:
  Json() : writer_(buffer_) {}
  rapidjson::Writer<rapidjson::StringBuffer>* operator->() { return &writer_; }
  void key(std::string_view name) { writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
  void text(std::string_view name, std::string_view value) {
    key(name);
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void count(std::string_view name, std::uint64_t value) {
    key(name);
    writer_.Uint64(value);
  }
  void seconds(std::string_view name, Millis value) {
    key(name);
    writer_.Double(static_cast<double>(value.count()) / 1000);
  }
  void number(std::string_view name, const std::optional<double>& value) {
    if (!value) return;
    key(name);
    writer_.Double(*value);
  }
  void time(std::string_view name, const std::optional<Timestamp>& value) {
    if (value) text(name, proto::format_rfc3339(*value));
  }
  [[nodiscard]] std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

std::string day_text(std::int64_t day) { return proto::format_rfc3339(from_ms(day * store::day_ms)).substr(0, 10); }

void put_rule(Json& json, const RuleResult& rule) {
  json->StartObject();
  json.text("rule", rule.rule);
  json.count("alerts", rule.raised);
  json.count("open_at_from", rule.open_at_from);
  json.count("open_at_to", rule.open_at_to);
  json.time("first", rule.first);
  json.time("last", rule.last);
  json.seconds("firing_s", rule.firing);
  json.seconds("longest_s", rule.longest);
  json.key("days");
  json->StartArray();
  for (const auto& [day, alerts] : rule.days) {
    json->StartObject();
    json.text("day", day_text(day));
    json.count("alerts", alerts);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

void put_alert(Json& json, const Alert& a) {
  json->StartObject();
  json.text("id", a.id);
  json.text("rule", a.rule);
  json.text("severity", to_string(a.severity));
  json.text("tenant", a.tenant);
  json.text("site", a.site);
  json.text("device", a.device);
  json.text("metric", a.metric);
  json.time("started", a.started);
  json.time("raised", a.raised);
  json.time("ended", a.ended);
  json.text("state", !a.ended ? "firing" : a.removed ? "removed" : "resolved");
  json.number("value", a.value);
  json.number("threshold", a.threshold);
  json.count("count", a.count);
  json.count("flaps", a.flaps);
  json.text("summary", a.summary);
  json->EndObject();
}

}  // namespace

std::string to_json(const Report& report, std::size_t alerts) {
  Json json;
  json->StartObject();
  json.time("from", report.range.from);
  json.time("to", report.range.to);
  json.time("warm_up_from", report.warm_from);
  json.count("readings", report.readings);
  json.count("series", report.series);
  json.key("rules");
  json->StartArray();
  for (const auto& rule : report.rules) put_rule(json, rule);
  json->EndArray();
  json.key("worst");
  json->StartArray();
  for (const auto& s : report.worst) {
    json->StartObject();
    json.text("rule", s.rule);
    json.text("tenant", s.tenant);
    json.text("site", s.site);
    json.text("device", s.device);
    json.text("metric", s.metric);
    json.count("alerts", s.raised);
    json->EndObject();
  }
  json->EndArray();
  json.key("alerts");
  json->StartArray();
  const auto shown = std::min(alerts, report.alerts.size());
  for (std::size_t i = 0; i < shown; ++i) put_alert(json, report.alerts[i]);
  json->EndArray();
  json.count("alerts_left_out", report.alerts.size() - shown + report.alerts_not_kept);
  json.count("presence_alerts", report.presence_alerts);
  json->EndObject();
  return json.str();
}

}  // namespace telltale::backtest
