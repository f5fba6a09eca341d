#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::AlertPattern;
using proto::AlertReason;
using proto::OperatorVerb;

namespace {

constexpr const char* rack = "site1/rack";

AlertPattern metric(std::string pattern) {
  AlertPattern silence;
  silence.metric = std::move(pattern);
  return silence;
}

proto::RuleSet hot_anywhere() {
  auto rule = too_hot();
  rule.metric = "*";
  return only(rule);
}

Story& heat(Story& story, int series, Millis apart, const std::string& prefix = "t") {
  for (int i = 0; i < series; ++i) story.pass(apart).reads(rack, prefix + std::to_string(i), 90);
  return story;
}
Story& cool(Story& story, int series, const std::string& prefix = "t") {
  for (int i = 0; i < series; ++i) story.reads(rack, prefix + std::to_string(i), 20);
  return story;
}

Strings times(std::size_t n, const std::string& message) { return Strings(n, message); }
Strings operator+(Strings first, const Strings& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

std::size_t active(const Story& story) {
  std::size_t all = 0;
  for (const auto n : story.engine.census().alerts) all += n;
  return all;
}

}  // namespace

TEST_CASE("when a silence ends, what fires on of one device is one grouped alert, whenever it began",
          "[analytics][lesson-25]") {
  const bool early = GENERATE(false, true);
  const bool interrupted = GENERATE(false, true);
  CAPTURE(early, interrupted);
  Story story(hot_anywhere());
  const auto until = story.now() + 1h;
  story.silence("s", metric("t*"), until);
  heat(story, 12, 2min);
  CHECK(story.alerts() == times(12, "silenced too-hot rack"));
  if (interrupted) story.restart();
  story.forget();
  if (early) {
    story.end_silence("s");
  } else {
    story.pass(1h);
  }
  CHECK(story.alerts() == times(12, "removed too-hot rack") + Strings{"firing grouped rack"});
  const auto all = story.all<proto::AlertTransition>();
  CHECK(all.front().reason == AlertReason::part_of);
  CHECK(all.back().count == 12);
  CHECK(all.back().severity == proto::Severity::critical);
  if (!early) CHECK(all.back().ts == until);
  CHECK(active(story) == 1);
  if (interrupted) story.restart();
  cool(story.forget().advance(1min), 12);
  CHECK(story.alerts() == Strings{"resolved grouped rack"});
}

TEST_CASE("nine that fire on are told one by one, and count for a group with what follows within a minute",
          "[analytics]") {
  Story story(hot_anywhere());
  heat(story.silence("s", metric("t*"), story.now() + 1h), 9, 2min).forget().end_silence("s");
  CHECK(story.alerts() == times(9, "firing too-hot rack"));
  story.forget();
  SECTION("a tenth within the minute") {
    story.advance(60s).reads(rack, "m", 90);
    CHECK(story.alerts() == times(9, "removed too-hot rack") + Strings{"firing grouped rack"});
    CHECK(story.last_alert().count == 10);
  }
  SECTION("a tenth later") {
    story.advance(60s + 1ms).reads(rack, "m", 90);
    CHECK(story.alerts() == Strings{"firing too-hot rack"});
  }
  SECTION("silenced and back within the minute, each counts once") {
    story.silence("s", metric("t*"), story.now() + 1h).advance(10s).forget().end_silence("s");
    CHECK(story.alerts() == times(9, "firing too-hot rack"));
  }
}

TEST_CASE("what fires on joins the grouped alert that its device has", "[analytics]") {
  Story story(hot_anywhere());
  heat(story.silence("s", metric("m*"), story.now() + 1h), 3, 1s, "m");
  heat(story, 10, 1s);
  CHECK(story.alerts().back() == "firing grouped rack");
  story.forget().end_silence("s");
  CHECK(story.alerts() == times(3, "removed too-hot rack"));
  cool(story.forget().advance(1s), 10);
  CHECK(story.alerts().empty());
  cool(story, 3, "m");
  CHECK(story.alerts() == Strings{"resolved grouped rack"});
  CHECK(story.last_alert().count == 13);
}

TEST_CASE("alerts of several devices are told each when their silence ends", "[analytics]") {
  Story story(hot_anywhere());
  story.silence("s", metric("t"), story.now() + 1h);
  for (int d = 0; d < 12; ++d) story.reads("site1/d" + std::to_string(d), "t", 90);
  story.forget().end_silence("s");
  CHECK(story.alerts().size() == 12);
  CHECK(story.alerts().front() == "firing too-hot d0");
  CHECK(active(story) == 12);
}

TEST_CASE("alerts that were silenced one by one until the same moment end as one grouped alert", "[analytics]") {
  Story story(hot_anywhere());
  const auto until = story.now() + 1h;
  for (int i = 0; i < 11; ++i) {
    story.pass(2min).reads(rack, "t" + std::to_string(i), 90);
    story.act(OperatorVerb::silence, story.last_alert().id, until);
  }
  story.forget().pass(1h);
  CHECK(story.alerts() == times(9, "firing too-hot rack") + times(10, "removed too-hot rack") +
                              Strings{"firing grouped rack", "removed too-hot rack"});
  CHECK(active(story) == 1);
  cool(story.forget(), 11);
  CHECK(story.alerts() == Strings{"resolved grouped rack"});
}

TEST_CASE("the end of a maintenance window is the end of a silence", "[analytics]") {
  auto rules = hot_anywhere();
  proto::MaintenanceWindow window;
  window.name = "works";
  window.pattern = metric("t*");
  Story story;
  window.once = proto::TimeSpan{story.now(), story.now() + 1h};
  rules.maintenance.push_back(window);
  heat(story.rules(rules), 12, 2min);
  CHECK(story.alerts() == times(12, "silenced too-hot rack"));
  story.forget();
  SECTION("by its time") { story.pass(1h); }
  SECTION("by a configuration without it") { story.rules(hot_anywhere()); }
  CHECK(story.alerts() == times(12, "removed too-hot rack") + Strings{"firing grouped rack"});
}

TEST_CASE("no group speaks that is silenced itself", "[analytics]") {
  Story story(hot_anywhere());
  AlertPattern groups;
  groups.rule = "grouped";
  story.silence("g", groups, story.now() + 10h).silence("s", metric("t*"), story.now() + 1h);
  heat(story, 12, 2min).forget().end_silence("s");
  CHECK(story.alerts() == times(12, "firing too-hot rack"));
}

TEST_CASE("devices of a site that are offline still when their silence ends are told as their site",
          "[analytics][lesson-26]") {
  const bool interrupted = GENERATE(false, true);
  const int offline = GENERATE(2, 3, 5);
  CAPTURE(interrupted, offline);
  constexpr int devices = 5;
  Story story(Story::quiet());
  story.listening();
  for (int d = 0; d < devices; ++d) story.birth("hall/d" + std::to_string(d), "", 60);
  AlertPattern pattern;
  pattern.device = "d*";
  story.silence("s", pattern, story.now() + 3h);
  for (int hour = 0; hour < offline; ++hour) {  // switched off one after the other
    for (int minute = 0; minute < 20; ++minute) {
      for (int d = hour; d < devices; ++d) story.event(proto::Heard{story.device("hall/d" + std::to_string(d))});
      story.pass(1min);
    }
  }
  const auto rest = [&] {
    for (int minute = 0; minute < 20; ++minute) {
      for (int d = offline; d < devices; ++d) story.event(proto::Heard{story.device("hall/d" + std::to_string(d))});
      story.pass(1min);
    }
  };
  rest();
  CHECK(story.alerts().size() == static_cast<std::size_t>(offline));
  if (interrupted) story.restart();
  story.forget().end_silence("s");
  if (offline < 3) {
    CHECK(story.alerts() == Strings{"firing offline d0", "firing offline d1"});
    return;
  }
  auto told = story.alerts();
  CHECK(told.back() == "firing site-silent -");
  CHECK(story.last_alert().summary == std::to_string(offline) + " of 5 devices of hall are silent");
  told.pop_back();
  CHECK(told.size() == static_cast<std::size_t>(offline));
  for (const auto& message : told) CHECK(message.starts_with("removed offline d"));
  CHECK(active(story) == 1);
  story.forget();
  for (int d = 0; d < devices; ++d) story.birth("hall/d" + std::to_string(d), "", 60);
  CHECK(story.alerts() == Strings{"resolved site-silent -"});
}
