#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <ranges>
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
  template <class Items, class Put>
  void list(std::string_view name, const Items& items, Put&& put) {
    key(name);
    writer_.StartArray();
    for (const auto& item : items) {
      writer_.StartObject();
      put(item);
      writer_.EndObject();
    }
    writer_.EndArray();
  }
  [[nodiscard]] std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

std::string day_text(std::int64_t day) { return proto::format_rfc3339(from_ms(day * store::day_ms)).substr(0, 10); }

void put_rule(Json& json, const RuleResult& rule) {
  json.text("rule", rule.rule);
  json.count("alerts", rule.raised);
  json.count("open_at_from", rule.open_at_from);
  json.count("open_at_to", rule.open_at_to);
  json.time("first", rule.first);
  json.time("last", rule.last);
  json.seconds("firing_s", rule.firing);
  json.seconds("longest_s", rule.longest);
  json.list("days", rule.days, [&](const auto& of_day) {
    json.text("day", day_text(of_day.first));
    json.count("alerts", of_day.second);
  });
}

void put_alert(Json& json, const Alert& a) {
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
}

void put_worst(Json& json, const SeriesResult& s) {
  json.text("rule", s.rule);
  json.text("tenant", s.tenant);
  json.text("site", s.site);
  json.text("device", s.device);
  json.text("metric", s.metric);
  json.count("alerts", s.raised);
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
  json.list("rules", report.rules, [&](const RuleResult& rule) { put_rule(json, rule); });
  json.list("worst", report.worst, [&](const SeriesResult& of_series) { put_worst(json, of_series); });
  const auto shown = std::min(alerts, report.alerts.size());
  json.list("alerts", report.alerts | std::views::take(shown), [&](const Alert& alert) { put_alert(json, alert); });
  json.count("alerts_left_out", report.alerts.size() - shown + report.alerts_not_kept);
  json.count("presence_alerts", report.presence_alerts);
  json->EndObject();
  return json.str();
}

}  // namespace telltale::backtest
