#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

proto::RuleSet one(proto::Check check) {
  proto::Rule rule;
  rule.name = "r";
  rule.metric = "temperature";
  rule.check = check;
  return only(rule);
}

/// Its device is never offline: it announced that it seldom speaks.
proto::RuleSet missing_after(Millis span) {
  auto rules = one(proto::MissingCheck{span});
  rules.default_heartbeat_s = 86'400;
  return rules;
}

/// Without what the watchdog says of the device.
Strings of_rule(const Story& story) {
  auto found = story.alerts();
  std::erase_if(found, [](const auto& a) { return a.find(" r ") == std::string::npos; });
  return found;
}

const Strings fired{"firing r esp32-7"};
const Strings over{"firing r esp32-7", "resolved r esp32-7"};

}  // namespace

TEST_CASE("rate: a change that is too fast fires, in the direction that is asked for", "[analytics]") {
  const auto [direction, step, fires] = GENERATE(table<proto::RateDirection, double, bool>({
      {proto::RateDirection::both, 6, true},
      {proto::RateDirection::both, -6, true},
      {proto::RateDirection::both, 4, false},
      {proto::RateDirection::up, 6, true},
      {proto::RateDirection::up, -6, false},
      {proto::RateDirection::down, -6, true},
      {proto::RateDirection::down, 6, false},
  }));
  CAPTURE(static_cast<int>(direction), step);
  Story story(one(proto::RateCheck{5.0, {}, 1min, 0s, direction}));
  story.advance(1min).temperature(20).advance(1min).temperature(20 + step);
  CHECK(of_rule(story).empty() == !fires);
  story.advance(1min).temperature(20 + step);
  CHECK(of_rule(story) == (fires ? over : Strings{}));
}

TEST_CASE("rate: over some minutes, noise between readings does not count and a steady rise does", "[analytics]") {
  Story story(one(proto::RateCheck{1.0, 0.5, 1min, 10min}));
  for (int i = 0; i < 120; ++i) story.advance(10s).temperature(i % 2 == 0 ? 20 : 23);
  CHECK(of_rule(story).empty());
  for (int i = 0; i < 120; ++i) story.advance(10s).temperature(23 + 0.3 * i);
  REQUIRE(of_rule(story) == fired);
  CHECK_THAT(story.last_alert().summary,
             Catch::Contains(" rises by 1.") && Catch::Contains(" per 1m (limit 1, from 2"));
  for (int i = 0; i < 240; ++i) story.advance(10s).temperature(59);
  CHECK(of_rule(story) == over);
}

TEST_CASE("flatline: readings that do not move for too long fire, and the first that moves clears", "[analytics]") {
  const double wobble = GENERATE(0.0, 0.4);
  Story story(one(proto::FlatlineCheck{30min, 0.5}));
  for (int i = 0; i < 30; ++i) story.advance(1min).temperature(21 + wobble * (i % 2));
  CHECK(of_rule(story).empty());
  story.advance(1min).temperature(21);
  REQUIRE(of_rule(story) == fired);
  CHECK(story.last_alert().summary == "temperature 21 Cel has not moved for 30m by more than 0.5 on esp32-7");
  story.advance(1min).temperature(21.6);
  CHECK(of_rule(story) == over);
}

TEST_CASE("flatline: two equal readings around a gap are no flat line", "[analytics]") {
  Story story(one(proto::FlatlineCheck{30min, 0}));
  story.advance(1min).temperature(21).advance(5h).temperature(21);
  CHECK(of_rule(story).empty());
}

TEST_CASE("missing: a series that falls silent is told once, from its last reading on, and clears with the next",
          "[analytics][lesson-24]") {
  Story story(missing_after(10min));
  story.listening().temperature(20).pass(9min).temperature(20.5);
  const auto last = story.now();
  story.pass(10min - 1ms);
  CHECK(of_rule(story).empty());
  story.pass(1ms);
  REQUIRE(of_rule(story) == fired);
  const auto all = story.all<proto::AlertTransition>();
  const auto alert = *std::ranges::find(all, "r", &proto::AlertTransition::rule);
  CHECK(alert.summary == "no temperature for 10m on esp32-7");
  CHECK(alert.started == last);
  CHECK(alert.ts == last + 10min);
  CHECK_FALSE(alert.value);
  story.pass(5h);
  CHECK(of_rule(story) == fired);
  story.temperature(21);
  CHECK(of_rule(story) == over);
  story.pass(11min);
  CHECK(of_rule(story).size() == 3);
}

TEST_CASE("missing: another metric of the device does not hide it", "[analytics]") {
  Story story(one(proto::MissingCheck{10min}));
  story.listening().temperature(20);
  for (int i = 0; i < 11; ++i) story.pass(1min).reads("site1/esp32-7", "humidity", 50);
  CHECK(of_rule(story) == fired);
}

TEST_CASE("missing: nobody is missing while we do not listen", "[analytics][lesson-25]") {
  Story story(missing_after(10min));
  story.listening().temperature(20).pass(5min).link(proto::LinkState::down).pass(10h);
  CHECK(of_rule(story).empty());
  story.link(proto::LinkState::up).link(proto::LinkState::caught_up).pass(10min - 1ms);
  CHECK(of_rule(story).empty());
  story.pass(1ms);
  CHECK(of_rule(story) == fired);
}

TEST_CASE("missing: a rule that is added watches series that are silent already", "[analytics][lesson-24]") {
  Story story(Story::quiet());
  story.listening().temperature(20).pass(2min).rules(missing_after(10min)).pass(10min);
  CHECK(of_rule(story) == fired);
  story.rules(Story::quiet());
  CHECK(of_rule(story) == Strings{"firing r esp32-7", "removed r esp32-7"});
}

TEST_CASE("frozen: a machine is compared with its first readings, however slowly it drifts away", "[analytics]") {
  Story story(one(proto::FrozenCheck{4.0, 3.0, 100}));
  for (int i = 0; i < 100; ++i) story.advance(1s).temperature(i % 2 == 0 ? 49 : 51);
  for (int i = 0; i < 900; ++i) story.advance(1s).temperature(50 + 0.004 * i);
  CHECK(of_rule(story).empty());
  for (int i = 0; i < 200; ++i) story.advance(1s).temperature(53.6 + 0.004 * i);
  REQUIRE(of_rule(story) == fired);
  CHECK_THAT(story.last_alert().summary, Catch::Contains(" far from its baseline 50.0 ± 1.0"));
  story.advance(1s).temperature(50);
  CHECK(of_rule(story) == over);
}

TEST_CASE("`for` and cooldown work alike for every type that is judged by readings", "[analytics][lesson-27]") {
  const proto::Check check =
      GENERATE(proto::Check{proto::RateCheck{5.0, {}, 1min, 0s}}, proto::Check{proto::FrozenCheck{4.0, {}, 10}},
               proto::Check{proto::ZScoreCheck{}});
  auto rules = one(check);
  rules.rules[0].persistence = proto::NofM{2, 3};
  rules.rules[0].cooldown = 1h;
  Story story(rules);
  for (int i = 0; i < 60; ++i) story.advance(1min).temperature(20 + i % 3);
  story.advance(1min).temperature(200);
  CHECK(of_rule(story).empty());
  story.advance(1min).temperature(400);
  CHECK(of_rule(story) == fired);
}
