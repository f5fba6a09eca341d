#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "backtest/alert_log.hpp"

namespace telltale::test {
namespace {

using proto::AlertState;

const store::Range range{from_ms(100'000), from_ms(200'000)};

proto::RuleSet too_hot() {
  proto::RuleSet rules;
  rules.rules.emplace_back().name = "too-hot";
  return rules;
}

proto::AlertTransition told(const char* id, std::uint32_t n, AlertState state, std::int64_t ts_ms,
                            const char* rule = "too-hot") {
  proto::AlertTransition t;
  t.id = id;
  t.n = n;
  t.state = state;
  t.ts = from_ms(ts_ms);
  t.started = from_ms(ts_ms);
  t.tenant = "default";
  t.site = "hall";
  t.device = "d1";
  t.metric = "heat";
  t.rule = rule;
  return t;
}

backtest::Report report_of(const std::vector<proto::AlertTransition>& transitions, std::size_t most_alerts = 100) {
  backtest::AlertLog log(too_hot(), {}, range, most_alerts);
  for (const auto& t : transitions) log.add(t);
  return log.finish();
}

TEST_CASE("an alert that resolved before the range is not told, one that was open then is", "[backtest]") {
  const auto report =
      report_of({told("a", 1, AlertState::firing, 10'000), told("a", 2, AlertState::resolved, 20'000),
                 told("b", 1, AlertState::firing, 90'000), told("b", 2, AlertState::resolved, 110'000)});
  REQUIRE(report.alerts.size() == 1);
  CHECK(report.alerts[0].id == "b");
  CHECK(report.rules[0].raised == 0);
  CHECK(report.rules[0].open_at_from == 1);
  CHECK(report.rules[0].firing == Millis{10'000});
}

TEST_CASE("an alert that flaps stays one alert", "[backtest]") {
  const auto report = report_of({told("a", 1, AlertState::firing, 110'000), told("a", 2, AlertState::resolved, 120'000),
                                 told("a", 3, AlertState::flapping, 130'000)});
  REQUIRE(report.alerts.size() == 1);
  CHECK(report.alerts[0].flaps == 1);
  CHECK(!report.alerts[0].ended);
  CHECK(report.rules[0].raised == 1);
  CHECK(report.rules[0].open_at_to == 1);
  CHECK(report.rules[0].longest == Millis{90'000});
}

TEST_CASE("alerts beyond those that are kept are counted", "[backtest]") {
  const auto report =
      report_of({told("a", 1, AlertState::firing, 110'000), told("b", 1, AlertState::firing, 111'000),
                 told("b", 2, AlertState::resolved, 112'000), told("c", 1, AlertState::firing, 113'000)},
                1);
  CHECK(report.alerts.size() == 1);
  CHECK(report.alerts_not_kept == 2);
  CHECK(report.rules[0].raised == 3);
  CHECK(report.rules[0].days.at(0) == 3);
  REQUIRE(report.worst.size() == 1);
  CHECK(report.worst[0].raised == 3);
}

TEST_CASE("grouped alerts are told, absent devices are only counted", "[backtest]") {
  const auto report = report_of({told("a", 1, AlertState::firing, 110'000, "grouped"),
                                 told("b", 1, AlertState::firing, 111'000, "offline"),
                                 told("b", 2, AlertState::resolved, 112'000, "offline")});
  CHECK(report.alerts.size() == 1);
  CHECK(report.rules.back().rule == "grouped");
  CHECK(report.presence_alerts == 1);
}

TEST_CASE("a report is JSON without empty values", "[backtest]") {
  const auto report = report_of({told("a", 1, AlertState::firing, 110'000), told("b", 1, AlertState::firing, 120'000)});
  rapidjson::Document json;
  json.Parse(to_json(report, 1).c_str());
  REQUIRE(!json.HasParseError());
  CHECK(std::string(json["from"].GetString()) == "1970-01-01T00:01:40Z");
  CHECK(json["rules"][0]["alerts"].GetInt() == 2);
  REQUIRE(json["alerts"].Size() == 1);
  CHECK(std::string(json["alerts"][0]["state"].GetString()) == "firing");
  CHECK(!json["alerts"][0].HasMember("ended"));
  CHECK(!json["alerts"][0].HasMember("value"));
  CHECK(json["alerts_left_out"].GetInt() == 1);
}

}  // namespace
}  // namespace telltale::test
