#include <catch2/catch.hpp>
#include <set>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::AlertState;
using proto::OperatorVerb;

namespace {

proto::ControlReply last_reply(const Story& story) { return story.all<proto::ControlReply>().back(); }

Story hot(proto::Rule rule = too_hot()) {
  Story story(only(std::move(rule)));
  story.temperature(70).advance(1s).temperature(90).advance(1s);
  return story;
}

}  // namespace

TEST_CASE("an alert's id is a function of its identity and start", "[analytics]") {
  CHECK(hot().last_alert().id == hot().last_alert().id);
  auto other = too_hot();
  other.name = "other";
  CHECK(hot().last_alert().id != hot(other).last_alert().id);
  auto story = hot();
  const auto first = story.last_alert().id;
  story.temperature(70).advance(1s).temperature(90);
  CHECK(story.last_alert().id != first);
  CHECK(story.last_alert().n == 1);
}

TEST_CASE("an alert that starts in the same millisecond as an earlier one of its identity has another id",
          "[analytics][lesson-11]") {
  const bool interrupted = GENERATE(false, true);
  CAPTURE(interrupted);
  Story story(Story::quiet());
  std::set<std::string> ids;
  for (std::size_t i = 1; i <= 4; ++i) {
    story.event(proto::ServiceCondition{"disk-low", true, "full"});
    const auto alert = story.last_alert();
    CHECK(alert.n == 1);
    CHECK(alert.started == story.now());
    CHECK(ids.insert(alert.id).second);
    if (interrupted) story.engine = *analytics::Engine::decode(story.engine.encode());
    story.act(OperatorVerb::ack, alert.id);
    CHECK(last_reply(story).ok);
    story.event(proto::ServiceCondition{"disk-low", false, "enough"});
    CHECK(story.last_alert().id == alert.id);
    CHECK(story.last_alert().n == 3);
  }
}

TEST_CASE("a clock that is set back brings no id again", "[analytics][lesson-11]") {
  Story story(Story::quiet());
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) {
      story.event(proto::ServiceCondition{"disk-low", true, "full"});
      CHECK(ids.insert(story.last_alert().id).second);
      story.event(proto::ServiceCondition{"disk-low", false, "enough"});
      if (k < 2) story.advance(1s);
    }
    const Timestamp from = story.now();
    story.advance(-2s).event(proto::ClockStep{from, from - 2s});
  }
}

TEST_CASE("a raise within the cooldown continues the alert as flapping, shown once", "[analytics][lesson-27]") {
  auto rule = too_hot();
  rule.cooldown = 60s;
  auto story = hot(rule);
  const auto id = story.last_alert().id;
  for (int i = 0; i < 5; ++i) story.temperature(70).advance(10s).temperature(90).advance(10s);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "resolved too-hot esp32-7", "flapping too-hot esp32-7"});
  CHECK(story.last_alert().id == id);
  CHECK(story.last_alert().n == 3);
  CHECK(story.last_alert().active());
  story.temperature(70);
  const auto cleared = story.now();
  story.pass(60s - 1ms);
  CHECK(story.alerts().size() == 3);
  story.pass(1ms);
  REQUIRE(story.alerts().size() == 4);
  CHECK(story.last_alert().state == AlertState::resolved);
  CHECK(story.last_alert().ts == cleared + 60s);
  CHECK(story.last_alert().count == 6);
  story.advance(1s).temperature(90);
  CHECK(story.last_alert().state == AlertState::firing);
  CHECK(story.last_alert().id != id);
}

TEST_CASE("after a quiet cooldown a raise is a new alert", "[analytics]") {
  auto rule = too_hot();
  rule.cooldown = 60s;
  auto story = hot(rule);
  story.temperature(70).pass(60s).temperature(90);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "resolved too-hot esp32-7", "firing too-hot esp32-7"});
  CHECK(story.last_alert().n == 1);
}

TEST_CASE("an alert is acknowledged once and answered each time", "[analytics]") {
  auto story = hot();
  const auto id = story.last_alert().id;
  story.act(OperatorVerb::ack, id);
  CHECK(story.last_alert().state == AlertState::acknowledged);
  CHECK(story.last_alert().by == "ana");
  CHECK(story.last_alert().comment == "on it");
  CHECK(story.last_alert().n == 2);
  CHECK(last_reply(story).ok);
  story.act(OperatorVerb::ack, id);
  CHECK(last_reply(story).ok);
  CHECK(story.alerts().size() == 2);
  story.advance(1s).temperature(91).advance(1s).temperature(70);
  CHECK(story.last_alert().state == AlertState::resolved);
  CHECK(story.last_alert().n == 3);
  CHECK(story.last_alert().by.empty());
  story.act(OperatorVerb::ack, id);
  CHECK_FALSE(last_reply(story).ok);
  CHECK(last_reply(story).detail == "already resolved");
  CHECK(last_reply(story).alert_id == id);
}

TEST_CASE("what cannot be acknowledged is answered with a reason", "[analytics]") {
  auto story = hot();
  const auto id = story.last_alert().id;
  story.act(OperatorVerb::ack, "a-0000000000000000");
  CHECK_FALSE(last_reply(story).ok);
  CHECK(last_reply(story).detail == "unknown alert");
  story.act(OperatorVerb::ack, "nonsense");
  CHECK_FALSE(last_reply(story).ok);
  story.event(proto::OperatorAction{OperatorVerb::ack, "other-tenant", id, "eve", "", std::nullopt});
  CHECK_FALSE(last_reply(story).ok);
  CHECK(last_reply(story).detail == "unknown alert");
  story.act(OperatorVerb::silence, id, story.now());
  CHECK_FALSE(last_reply(story).ok);
  CHECK(story.alerts().size() == 1);
}

TEST_CASE("a silence lasts until its time, or until the alert is resolved", "[analytics]") {
  auto story = hot();
  const auto id = story.last_alert().id;
  const bool timed = GENERATE(true, false);
  CAPTURE(timed);
  const auto until = story.now() + 10min;
  story.act(OperatorVerb::silence, id, timed ? std::optional(until) : std::nullopt);
  CHECK(story.last_alert().state == AlertState::silenced);
  CHECK(story.last_alert().active());
  story.pass(10min - 1ms);
  CHECK(story.alerts().size() == 2);
  story.pass(1ms);
  if (timed) {
    CHECK(story.last_alert().state == AlertState::firing);
    CHECK(story.last_alert().ts == until);
    CHECK(story.last_alert().n == 3);
  }
  CHECK(story.alerts().size() == (timed ? 3 : 2));
  story.temperature(60);
  CHECK(story.last_alert().state == AlertState::resolved);
}

TEST_CASE("an acknowledge ends the wait for a silence's end", "[analytics]") {
  auto story = hot();
  const auto id = story.last_alert().id;
  story.act(OperatorVerb::silence, id, story.now() + 10min).act(OperatorVerb::ack, id).pass(1h);
  CHECK(story.last_alert().state == AlertState::acknowledged);
}

TEST_CASE("a changed severity moves the alert: resolved on the old one, firing on the new one", "[analytics]") {
  auto story = hot();
  auto rule = too_hot();
  rule.severity = proto::Severity::info;
  story.rules(only(rule));
  const auto all = story.all<proto::AlertTransition>();
  REQUIRE(all.size() == 3);
  CHECK(all[1].state == AlertState::resolved);
  CHECK(all[1].severity == proto::Severity::critical);
  CHECK(all[2].state == AlertState::firing);
  CHECK(all[2].severity == proto::Severity::info);
  CHECK(all[2].id == all[0].id);
  CHECK(all[2].n == 3);
  CHECK(story.engine.census().alerts[0] == 1);
}

TEST_CASE("rules that go, check something else or match no more resolve their alerts as removed", "[analytics]") {
  auto changed = too_hot();
  changed.check = proto::ThresholdCheck{85.0, std::nullopt, std::nullopt};
  auto elsewhere = too_hot();
  elsewhere.site = "site2";
  auto later = too_hot();
  later.persistence = Millis{5s};
  const auto rules = GENERATE_COPY(Story::quiet(), only(changed), only(elsewhere), only(later));
  auto story = hot();
  story.rules(rules);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "removed too-hot esp32-7"});
  CHECK(story.engine.census().alerts[2] == 0);
}

TEST_CASE("a change that leaves a rule as it was leaves its state alone", "[analytics]") {
  auto rule = too_hot();
  rule.persistence = Millis{10s};
  Story story(only(rule));
  story.temperature(85).advance(5s);
  auto rules = only(rule);
  rules.rules.front().message = "{value}!";
  rules.rules.insert(rules.rules.begin(), rule);
  rules.rules.front().name = "first";
  rules.rules.front().metric = "humidity";
  story.rules(rules).pass(5s);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7"});
  CHECK(story.last_alert().summary == "85!");
}

TEST_CASE("ten series of one device that raise within a minute become one grouped alert", "[analytics]") {
  auto rule = too_hot();
  rule.metric = "t*";
  Story story(only(rule));
  const auto all = [&](double value) {
    for (int i = 0; i < 12; ++i) story.advance(1s).reads("site1/rack", "t" + std::to_string(i), value);
  };
  all(90);
  std::size_t active = 0;
  for (const auto n : story.engine.census().alerts) active += n;
  CHECK(active == 1);
  const auto grouped = story.last_alert();
  CHECK(grouped.rule == "grouped");
  CHECK(grouped.metric == "_");
  CHECK(grouped.state == AlertState::firing);
  CHECK(grouped.severity == proto::Severity::critical);
  CHECK(grouped.count == 10);
  CHECK(story.all<proto::AlertTransition>().size() == 9 + 9 + 1);
  story.forget();
  all(70);
  CHECK(story.alerts() == Strings{"resolved grouped rack"});
  CHECK(story.last_alert().id == grouped.id);
  CHECK(story.last_alert().count == 12);
  story.forget().reads("site1/rack", "t1", 90);
  story.advance(1s).reads("site1/rack", "t1", 91);
  CHECK(story.alerts() == Strings{"firing too-hot rack"});
}

TEST_CASE("ten raises of several devices, or over a longer time, are no group", "[analytics]") {
  const bool spread = GENERATE(true, false);
  auto rule = too_hot();
  rule.metric = "t*";
  Story story(only(rule));
  for (int i = 0; i < 12; ++i)
    story.advance(spread ? 7s : 1ms)
        .reads(spread ? "site1/a" : "site1/d" + std::to_string(i), "t" + std::to_string(i), 90);
  CHECK(story.all<proto::AlertTransition>().size() == 12);
}

TEST_CASE("a condition of the service is an alert while it lasts", "[analytics]") {
  auto [rule, severity] = GENERATE(table<std::string, proto::Severity>({{"disk-low", proto::Severity::critical},
                                                                        {"log-damage", proto::Severity::critical},
                                                                        {"series-limit", proto::Severity::warning},
                                                                        {"config-error", proto::Severity::warning}}));
  Story story;
  story.event(proto::ServiceCondition{rule, true, "why"}).event(proto::ServiceCondition{rule, true, "why"});
  CHECK(story.alerts() == Strings{"firing " + rule + " -"});
  CHECK(story.last_alert().severity == severity);
  CHECK(story.last_alert().site == "-");
  CHECK(story.last_alert().summary == "why");
  story.event(proto::ServiceCondition{rule, false, ""}).event(proto::ServiceCondition{rule, false, ""});
  CHECK(story.alerts() == Strings{"firing " + rule + " -", "resolved " + rule + " -"});
}

TEST_CASE("an alert that flaps counts for a grouped alert, whether or not the engine was stored in its cooldown",
          "[analytics][lesson-25]") {
  const bool interrupted = GENERATE(false, true);
  CAPTURE(interrupted);
  auto rule = too_hot();
  rule.metric = "*";
  rule.cooldown = 60s;
  Story story(only(rule));
  story.reads("site1/esp32-7", "m0", 90).advance(1s).reads("site1/esp32-7", "m0", 70).advance(1s);
  if (interrupted) story.engine = *analytics::Engine::decode(story.engine.encode());
  story.reads("site1/esp32-7", "m0", 90);
  for (int i = 1; i < 10; ++i) story.reads("site1/esp32-7", "m" + std::to_string(i), 90);
  CHECK(story.last_alert().rule == "grouped");
  CHECK(story.last_alert().count == 10);
}
