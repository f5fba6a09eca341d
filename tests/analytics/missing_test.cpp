#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

proto::RuleSet gone_after(Millis span) {
  proto::Rule rule;
  rule.name = "gone";
  rule.check = proto::MissingCheck{span};
  return only(rule);
}

Story& silence_of(Story& story, proto::AlertPattern pattern) {
  return story.silence("s", std::move(pattern), story.now() + 10h);
}

proto::AlertPattern rule_pattern(std::string rule) {
  proto::AlertPattern pattern;
  pattern.rule = std::move(rule);
  return pattern;
}

}  // namespace

TEST_CASE("missing data of a device that is offline is not told, whichever deadline is first",
          "[analytics][lesson-24]") {
  // The heartbeat of 60 s makes the device offline after exactly 3 min.
  const auto span = GENERATE(Millis{3min}, Millis{3min} + 1ms, Millis{4min}, Millis{5h});
  const bool interrupted = GENERATE(false, true);
  CAPTURE(span.count(), interrupted);
  Story story(gone_after(span));
  story.listening().temperature(20).pass(10h);
  if (interrupted) story.restart();
  CHECK(story.alerts() == Strings{"firing offline esp32-7"});
  story.temperature(20);
  CHECK(story.alerts() == Strings{"firing offline esp32-7", "resolved offline esp32-7"});
}

TEST_CASE("what is missing still when its device is back is told once the span has passed again", "[analytics]") {
  const bool interrupted = GENERATE(false, true);
  Story story(gone_after(10min));
  const auto last = story.now();
  story.listening().temperature(20).pass(1h).birth("site1/esp32-7", "", 3600);
  if (interrupted) story.restart();
  const Strings back{"firing offline esp32-7", "resolved offline esp32-7"};
  story.pass(10min - 1ms);
  CHECK(story.alerts() == back);
  story.pass(1ms);
  CHECK(story.alerts().back() == "firing gone esp32-7");
  CHECK(story.last_alert().started == last);
  story.pass(1h);
  CHECK(story.alerts().size() == 3);
  story.temperature(20);
  CHECK(story.alerts().back() == "resolved gone esp32-7");
}

TEST_CASE("an alert about missing data that was told ends as a part of the device's, and is a new one after it",
          "[analytics]") {
  Story story(gone_after(1min));
  story.listening().temperature(20).pass(1min);
  const auto first = story.last_alert();
  story.pass(1h);
  CHECK(story.alerts() == Strings{"firing gone esp32-7", "removed gone esp32-7", "firing offline esp32-7"});
  const auto removed = story.all<proto::AlertTransition>()[1];
  CHECK(removed.id == first.id);
  CHECK(removed.reason == proto::AlertReason::part_of);
  CHECK(removed.summary == "part of offline on esp32-7");
  story.forget().birth("site1/esp32-7", "", 3600).pass(1min);
  CHECK(story.alerts() == Strings{"resolved offline esp32-7", "firing gone esp32-7"});
  CHECK(story.last_alert().n == 1);
  CHECK(story.last_alert().id != first.id);
}

TEST_CASE("a device's alert that is silenced speaks only for what is silenced as well", "[analytics]") {
  Story story(gone_after(Millis{GENERATE(1min, 10min)}));
  story.listening().temperature(20);
  SECTION("somebody wants no `offline`, and is told what is missing") {
    silence_of(story, rule_pattern("offline")).pass(1h);
    auto told = story.alerts();
    std::sort(told.begin(), told.end());
    CHECK(told == Strings{"firing gone esp32-7", "silenced offline esp32-7"});
  }
  SECTION("maintenance: one silenced alert in the end") {
    silence_of(story, {"*", "*", "esp32-7", "*", "*", "*"}).pass(1h).end_silence("s");
    CHECK(story.alerts().back() == "firing offline esp32-7");
    std::size_t active = 0;
    for (const auto n : story.engine.census().alerts) active += n;
    CHECK(active == 1);
  }
}

TEST_CASE("a device that was offline when its rule came is not told as missing", "[analytics]") {
  Story story(Story::quiet());
  story.listening().temperature(20).pass(1h).rules(gone_after(10min)).pass(1h);
  CHECK(story.alerts() == Strings{"firing offline esp32-7"});
  story.birth("site1/esp32-7", "", 3600).pass(10min);
  CHECK(story.alerts().back() == "firing gone esp32-7");
}

TEST_CASE("known to be gone from a retained copy, a device has no alert that could speak for its metrics",
          "[analytics][lesson-24]") {
  Story story(gone_after(10min));
  story.series("site1/esp32-7", "temperature");
  story.event(proto::DeviceStatus{story.device("site1/esp32-7"), proto::DeviceState::offline, true, "", {}, {}});
  story.listening().pass(1h);
  CHECK(story.alerts() == Strings{"firing gone esp32-7"});
}

TEST_CASE("a grouped alert about missing metrics gives way to the alert of their device", "[analytics]") {
  Story story(gone_after(1min));
  const auto all = [&] {
    for (int m = 0; m < 12; ++m) story.reads("site1/rack", "m" + std::to_string(m), 1);
  };
  story.listening();
  all();
  story.pass(2min);
  CHECK(story.last_alert().rule == "grouped");
  CHECK(story.last_alert().state == proto::AlertState::firing);
  story.forget().pass(1h);
  CHECK(story.alerts() == Strings{"removed grouped rack", "firing offline rack"});
  story.forget();
  all();
  CHECK(story.alerts() == Strings{"resolved offline rack"});
}

TEST_CASE("other alerts of a group stay when its missing metrics give way", "[analytics]") {
  auto rules = gone_after(1min);
  rules.rules.push_back(too_hot());
  Story story(rules);
  story.listening();
  for (int m = 0; m < 11; ++m) story.reads("site1/rack", "m" + std::to_string(m), 1);
  story.pass(1min).reads("site1/rack", "temperature", 90).pass(4s);
  CHECK(story.last_alert().rule == "grouped");
  story.forget().pass(1h);
  CHECK(story.alerts() == Strings{"firing offline rack"});
  story.forget().reads("site1/rack", "temperature", 20);
  CHECK(story.alerts() == Strings{"resolved offline rack", "resolved grouped rack"});
}
