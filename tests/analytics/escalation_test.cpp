#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::AlertReason;
using proto::AlertState;
using proto::OperatorVerb;
using proto::Severity;

namespace {

proto::Rule rising(Millis cooldown = Millis{0}) {
  auto rule = too_hot();
  rule.severity = Severity::info;
  rule.cooldown = cooldown;
  rule.escalate = {{Millis{10min}, Severity::warning}, {Millis{30min}, Severity::critical}};
  return rule;
}

/// "firing warning escalated", in order.
Strings said(const Story& story) {
  Strings found;
  for (const auto& a : story.all<proto::AlertTransition>())
    found.push_back(std::string(to_string(a.state)) + ' ' + std::string(to_string(a.severity)) + ' ' +
                    std::string(to_string(a.reason)));
  return found;
}

}  // namespace

TEST_CASE("an alert that lasts rises: resolved on the old severity, firing on the new one, same id", "[analytics]") {
  const bool interrupted = GENERATE(false, true);
  Story story(only(rising()));
  story.temperature(90);
  const auto raised = story.now();
  story.pass(10min - 1ms);
  CHECK(said(story) == Strings{"firing info violated"});
  if (interrupted) story.restart();
  story.pass(1ms);
  CHECK(story.last_alert().ts == raised + 10min);
  if (interrupted) story.restart();
  story.pass(3h);
  CHECK(said(story) == Strings{"firing info violated", "resolved info escalated", "firing warning escalated",
                               "resolved warning escalated", "firing critical escalated"});
  const auto all = story.all<proto::AlertTransition>();
  CHECK(std::all_of(all.begin(), all.end(), [&](const auto& a) { return a.id == all[0].id; }));
  CHECK(all.back().n == 5);
  CHECK(all.back().ts == raised + 30min);
  story.temperature(70);
  CHECK(story.last_alert().severity == Severity::critical);
  CHECK(story.last_alert().state == AlertState::resolved);
}

TEST_CASE("an alert that is over in time does not rise", "[analytics]") {
  Story story(only(rising()));
  story.temperature(90).pass(9min).temperature(70).pass(1h).temperature(90).pass(9min).temperature(70).pass(1h);
  CHECK(said(story) ==
        Strings{"firing info violated", "resolved info recovered", "firing info violated", "resolved info recovered"});
}

TEST_CASE("an alert that flaps all the time lasts, and rises when it is raised", "[analytics][lesson-27]") {
  Story story(only(rising(Millis{15min})));
  for (int i = 0; i < 8; ++i) story.temperature(90).pass(1min).temperature(70).pass(1min);
  CHECK(said(story) == Strings{"firing info violated", "resolved info recovered", "flapping info violated-again",
                               "resolved info escalated", "firing warning escalated"});
}

TEST_CASE("an acknowledged alert stays so until it is resolved or its severity rises", "[analytics]") {
  SECTION("it lasts") {
    Story story(only(rising()));
    story.temperature(90);
    story.act(OperatorVerb::ack, story.last_alert().id).pass(20min);
    CHECK(said(story) == Strings{"firing info violated", "acknowledged info ordered", "resolved info escalated",
                                 "firing warning escalated"});
    CHECK(story.last_alert().by.empty());
  }
  SECTION("its rule is made more severe or less") {
    const auto severity = GENERATE(Severity::info, Severity::critical);
    auto rule = too_hot();
    rule.severity = Severity::warning;
    Story story(only(rule));
    story.temperature(90);
    story.act(OperatorVerb::ack, story.last_alert().id);
    rule.severity = severity;
    story.forget().rules(only(rule));
    CHECK(said(story) == (severity == Severity::critical
                              ? Strings{"resolved warning severity", "firing critical severity"}
                              : Strings{"resolved warning severity", "acknowledged info severity"}));
  }
  SECTION("it goes on violating, flaps, and comes back") {
    Story story(only(too_hot()));
    story.temperature(90);
    story.act(OperatorVerb::ack, story.last_alert().id);
    for (int i = 0; i < 10; ++i) story.advance(1min).temperature(91);
    CHECK(story.alerts().size() == 2);
    story.advance(1s).temperature(70).advance(1s).temperature(90);
    CHECK(story.last_alert().state == AlertState::firing);
  }
}

TEST_CASE("a silence by severity does not follow an alert that rises above it, another silence does", "[analytics]") {
  const bool by_severity = GENERATE(true, false);
  proto::AlertPattern pattern;
  pattern.rule = "too-hot";
  if (by_severity) pattern.severity = "info";
  Story story(only(rising()));
  story.temperature(90).silence("s", pattern, story.now() + 20min).pass(15min);
  CHECK(story.last_alert().severity == Severity::warning);
  CHECK(story.last_alert().state == (by_severity ? AlertState::firing : AlertState::silenced));
}

TEST_CASE("an alert silenced by its id rises silently", "[analytics]") {
  Story story(only(rising()));
  story.temperature(90);
  story.act(OperatorVerb::silence, story.last_alert().id, story.now() + 20min).pass(25min);
  CHECK(said(story) == Strings{"firing info violated", "silenced info ordered", "resolved info escalated",
                               "silenced warning escalated", "firing warning silence-ended"});
}

TEST_CASE("a member that rises lifts the group that speaks for it", "[analytics]") {
  auto rule = rising();
  rule.metric = "*";
  Story story(only(rule));
  for (int i = 0; i < 10; ++i) story.reads("site1/rack", "t" + std::to_string(i), 90);
  CHECK(story.last_alert().rule == "grouped");
  story.forget().restart().pass(1h);
  CHECK(said(story) == Strings{"resolved info escalated", "firing warning escalated", "resolved warning escalated",
                               "firing critical escalated"});
  for (const auto& alert : story.all<proto::AlertTransition>()) CHECK(alert.rule == "grouped");
}

TEST_CASE("new steps of escalation hold for open alerts from their raise on", "[analytics]") {
  auto rule = rising();
  Story story(only(rule));
  story.temperature(90).pass(20min).forget();
  SECTION("none any more") {
    rule.escalate.clear();
    story.rules(only(rule)).pass(5h);
    CHECK(said(story) == Strings{"resolved warning severity", "firing info severity"});
  }
  SECTION("earlier") {
    rule.escalate = {{Millis{5min}, Severity::critical}};
    story.rules(only(rule)).pass(5h);
    CHECK(said(story) == Strings{"resolved warning severity", "firing critical severity"});
  }
  SECTION("the same") {
    story.rules(only(rule)).pass(5min);
    CHECK(said(story).empty());
  }
}

TEST_CASE("a noisy signal on the limit for a day raises no more than four times an hour, and nothing goes by unseen",
          "[analytics][lesson-27]") {
  auto rule = too_hot();
  rule.check = proto::ThresholdCheck{80.0, std::nullopt, std::nullopt};
  rule.cooldown = 15min;
  const double period_s = GENERATE(60.0, 600.0, 3600.0, 7200.0);
  CAPTURE(period_s);
  Story story(only(rule));
  std::mt19937 random(7);
  std::normal_distribution<double> noise(0, 0.5);
  std::vector<Timestamp> raises;
  std::size_t violations = 0;
  bool active = false;
  for (int second = 0; second < 24 * 3600; ++second) {
    const double x = 80 + 2 * std::sin(2 * 3.14159265358979 * second / period_s) + noise(random);
    story.forget().pass(1s).temperature(x);
    for (const auto& alert : story.all<proto::AlertTransition>()) {
      active = alert.active();
      if (alert.state == AlertState::firing || alert.state == AlertState::flapping) raises.push_back(alert.ts);
    }
    if (x <= 80) continue;
    ++violations;
    if (!active) FAIL("a violation without an alert at second " << second);
  }
  CHECK(violations > 20'000);
  CHECK(!raises.empty());
  for (std::size_t i = 0; i + 4 < raises.size(); ++i) CHECK(raises[i + 4] - raises[i] >= 1h);
}
