#include <catch2/catch.hpp>
#include "analytics/silences.hpp"

#include "tests/analytics/states_of_version_5.hpp"
#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::AlertPattern;
using proto::AlertReason;
using proto::AlertState;
using proto::OperatorVerb;
using proto::SilenceState;

namespace {

proto::ControlReply last_reply(const Story& story) { return story.all<proto::ControlReply>().back(); }

AlertPattern device(std::string name) {
  AlertPattern pattern;
  pattern.device = std::move(name);
  return pattern;
}

Strings phases(const Story& story) {
  constexpr const char* names[] = {"waiting", "active", "over"};
  Strings found;
  for (const auto& s : story.all<SilenceState>())
    found.push_back(std::string(names[static_cast<int>(s.phase)]) + ' ' + s.name);
  return found;
}

}  // namespace

TEST_CASE("an alert that matches an active silence is silenced from the start", "[analytics]") {
  Story story(only(too_hot()));
  story.silence("pumps", device("esp*"), story.now() + 1h);
  CHECK(last_reply(story).ok);
  CHECK(last_reply(story).silence == "pumps");
  story.temperature(90);
  CHECK(story.alerts() == Strings{"silenced too-hot esp32-7"});
  CHECK(story.last_alert().n == 1);
  CHECK(story.last_alert().by == "ana");
  CHECK(story.last_alert().comment == "works");
  CHECK(story.last_alert().active());
  story.reads("site1/other", "temperature", 90);
  CHECK(story.alerts().back() == "firing too-hot other");
}

TEST_CASE("a silence names what it means by patterns", "[analytics]") {
  const auto [pattern, silenced] = GENERATE(table<AlertPattern, bool>({
      {{"*", "site1", "*", "*", "*", "*"}, true},
      {{"*", "site2", "*", "*", "*", "*"}, false},
      {{"*", "*", "*", "temp*", "*", "*"}, true},
      {{"*", "*", "*", "humidity", "*", "*"}, false},
      {{"*", "*", "*", "*", "too-*", "*"}, true},
      {{"*", "*", "*", "*", "offline", "*"}, false},
      {{"*", "*", "*", "*", "*", "critical"}, true},
      {{"*", "*", "*", "*", "*", "warning"}, false},
      {{"*", "site1", "esp32-7", "temperature", "too-hot", "critical"}, true},
      {{"*", "site1", "esp32-8", "temperature", "too-hot", "critical"}, false},
  }));
  CAPTURE(pattern.site, pattern.device, pattern.metric, pattern.rule, pattern.severity);
  Story story(only(too_hot()));
  story.silence("s", pattern, story.now() + 1h).temperature(90);
  CHECK(story.last_alert().state == (silenced ? AlertState::silenced : AlertState::firing));
}

TEST_CASE("a silence of one tenant does not silence another's alerts", "[analytics]") {
  Story story(only(too_hot()));
  story.event(proto::SilenceOrder{proto::SilenceVerb::set, "acme", "all", {}, {}, story.now() + 1h, "eve", ""});
  story.temperature(90);
  CHECK(story.last_alert().state == AlertState::firing);
}

TEST_CASE("a silence turns firing alerts to silenced, and when it ends while they violate they fire once more",
          "[analytics]") {
  const bool early = GENERATE(false, true);
  const bool interrupted = GENERATE(false, true);
  CAPTURE(early, interrupted);
  Story story(only(too_hot()));
  story.temperature(90).advance(1min);
  const auto until = story.now() + 1h;
  story.silence("s", device("*"), until);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "silenced too-hot esp32-7"});
  CHECK(story.last_alert().reason == AlertReason::silence_began);
  story.pass(30min).temperature(91);
  if (interrupted) story.restart();
  if (early) {
    story.end_silence("s");
    CHECK(last_reply(story).ok);
  } else {
    story.pass(30min);
    CHECK(story.last_alert().ts == until);
  }
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "silenced too-hot esp32-7", "firing too-hot esp32-7"});
  CHECK(story.last_alert().reason == AlertReason::silence_ended);
  CHECK(story.last_alert().n == 3);
  CHECK(story.last_alert().by.empty());
  CHECK(phases(story) == Strings{"active s", "over s"});
  story.pass(2h).temperature(91);
  CHECK(story.alerts().size() == 3);
}

TEST_CASE("what recovers under a silence is resolved, and its end says nothing more", "[analytics]") {
  auto rule = too_hot();
  rule.cooldown = Millis{GENERATE(0, 600'000)};
  Story story(only(rule));
  story.silence("s", device("*"), story.now() + 1h).temperature(90).advance(1min).temperature(70);
  CHECK(story.alerts() == Strings{"silenced too-hot esp32-7", "resolved too-hot esp32-7"});
  story.pass(3h);
  CHECK(story.alerts().size() == 2);
}

TEST_CASE("an alert that flaps under a silence stays silenced until the silence ends", "[analytics][lesson-27]") {
  auto rule = too_hot();
  rule.cooldown = 10min;
  Story story(only(rule));
  story.silence("s", device("*"), story.now() + 1h);
  for (int i = 0; i < 5; ++i) story.temperature(90).advance(1min).temperature(70).advance(1min);
  CHECK(story.alerts() == Strings{"silenced too-hot esp32-7", "resolved too-hot esp32-7", "silenced too-hot esp32-7"});
  const bool violating = GENERATE(true, false);
  CAPTURE(violating);
  if (violating) story.temperature(90);
  story.pass(55min);
  CHECK(story.alerts().size() == 4);
  CHECK(story.last_alert().state == (violating ? AlertState::firing : AlertState::resolved));
}

TEST_CASE("a silence may begin later, and be replaced", "[analytics]") {
  Story story(only(too_hot()));
  story.temperature(90);
  const auto start = story.now();
  story.silence("s", device("*"), start + 2h, start + 1h);
  CHECK(last_reply(story).detail == "waiting");
  story.pass(1h - 1ms);
  CHECK(story.alerts().size() == 1);
  story.pass(1ms);
  CHECK(story.alerts().back() == "silenced too-hot esp32-7");
  CHECK(story.last_alert().ts == start + 1h);
  story.silence("s", device("*"), start + 3h).pass(90min);
  CHECK(story.alerts().size() == 2);
  story.silence("s", device("other"), start + 5h);
  CHECK(story.alerts().back() == "firing too-hot esp32-7");
  CHECK(phases(story) == Strings{"waiting s", "active s", "active s", "active s"});
}

TEST_CASE("while one silence is left the alert stays silenced", "[analytics]") {
  Story story(only(too_hot()));
  story.temperature(90).silence("a", device("*"), story.now() + 1h).silence("b", device("esp*"), story.now() + 2h);
  story.pass(1h);
  CHECK(story.alerts().size() == 2);
  story.pass(1h);
  CHECK(story.alerts().size() == 3);
}

TEST_CASE("what cannot be silenced is answered with a reason", "[analytics]") {
  Story story(Story::quiet());
  const auto refused = [&](proto::SilenceOrder order) {
    story.event(std::move(order));
    CHECK_FALSE(last_reply(story).ok);
    CHECK(phases(story).empty());
    return last_reply(story).detail;
  };
  using enum proto::SilenceVerb;
  const auto now = story.now();
  CHECK(refused({set, "default", "s", device("a"), {}, {}, "", ""}) == "needs until");
  CHECK(refused({set, "default", "s", device("a"), {}, now, "", ""}) == "until has passed");
  CHECK(refused({set, "default", "s", device("a"), now + 2h, now + 1h, "", ""}) == "from is not before until");
  CHECK(refused({end, "default", "s", {}, {}, {}, "", ""}) == "unknown silence");
  for (std::size_t i = 0; i < analytics::Silences::most; ++i)
    story.silence(std::to_string(i), device("a"), now + 1h, now + 1min);
  story.said.clear();
  CHECK(refused({set, "default", "one-more", device("a"), {}, now + 1h, "", ""}) == "too many silences");
  story.silence("7", device("b"), now + 1h);
  CHECK(last_reply(story).ok);
}

TEST_CASE("an acknowledged alert stays acknowledged through silences of any kind", "[analytics]") {
  Story story(only(too_hot()));
  story.temperature(90);
  const auto id = story.last_alert().id;
  story.act(OperatorVerb::ack, id).silence("s", device("*"), story.now() + 1h).pass(2h);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "acknowledged too-hot esp32-7"});
  story.act(OperatorVerb::silence, id, story.now() + 1h).pass(1h);
  CHECK(story.alerts().back() == "acknowledged too-hot esp32-7");
  CHECK(story.alerts().size() == 4);
  CHECK(story.last_alert().by == "ana");
  story.temperature(70);
  CHECK(story.alerts().back() == "resolved too-hot esp32-7");
}

TEST_CASE("offline, site-silent and grouped alerts are silenced like any other", "[analytics]") {
  const bool at_once = GENERATE(true, false);
  CAPTURE(at_once);
  Story story(Story::quiet());
  const auto until = story.now() + 1h;
  AlertPattern all;
  all.site = "site1";
  SECTION("offline") {
    story.listening().birth("site1/a");
    if (at_once) story.silence("s", all, until);
    story.pass(10min);
    if (!at_once) story.silence("s", all, until);
    CHECK(story.alerts().back() == "silenced offline a");
    story.pass(50min);
    CHECK(story.alerts().back() == "firing offline a");
    CHECK(story.alerts().size() == (at_once ? 2 : 3));
  }
  SECTION("site-silent") {
    story.listening();
    for (const char* d : {"site1/a", "site1/b", "site1/c", "site1/d"}) story.birth(d);
    if (at_once) story.silence("s", all, until);
    story.pass(10min);
    if (!at_once) story.silence("s", all, until);
    CHECK(story.alerts().back() == "silenced site-silent -");
    story.pass(50min);
    CHECK(story.alerts().back() == "firing site-silent -");
  }
  SECTION("grouped") {
    auto rule = too_hot();
    rule.metric = "*";
    story.rules(only(rule));
    if (at_once) story.silence("s", all, until);
    for (int i = 0; i < 12; ++i) story.reads("site1/rack", "t" + std::to_string(i), 90);
    if (!at_once) story.silence("s", all, until);
    CHECK(story.alerts().back() == "silenced grouped rack");
    story.forget().pass(1h);
    CHECK(story.alerts() == Strings{"firing grouped rack"});
  }
}

TEST_CASE("silenced alerts make no group, and silenced devices no silent site", "[analytics]") {
  Story story(Story::quiet());
  story.listening();
  SECTION("series") {
    auto rule = too_hot();
    rule.metric = "*";
    story.rules(only(rule));
    AlertPattern pattern;
    pattern.metric = "t*";
    story.silence("s", pattern, story.now() + 1h);
    for (int i = 0; i < 12; ++i) story.reads("site1/rack", "t" + std::to_string(i), 90);
    for (const auto& alert : story.all<proto::AlertTransition>()) CHECK(alert.state == AlertState::silenced);
    CHECK(story.alerts().size() == 12);
  }
  SECTION("devices") {
    for (const char* d : {"site1/pump-1", "site1/pump-2", "site1/pump-3", "site1/meter"}) story.birth(d);
    story.silence("s", device("pump-*"), story.now() + 1h);
    for (int i = 0; i < 20; ++i) story.pass(30s).reads("site1/meter", "power", 1);
    CHECK(story.alerts() == Strings{"silenced offline pump-1", "silenced offline pump-2", "silenced offline pump-3"});
  }
}

TEST_CASE("a silence ends by the calendar, also when the clock is set", "[analytics]") {
  const Millis by = GENERATE(Millis{1h}, Millis{-1h});
  CAPTURE(by.count());
  Story story(only(too_hot()));
  story.temperature(90);
  const auto until = story.now() + 2h;
  story.silence("s", device("*"), until).pass(30min);
  const auto from = story.now();
  story.advance(by).event(proto::ClockStep{from, from + by});
  story.pass(until - story.now() - 1ms);
  CHECK(story.last_alert().state == AlertState::silenced);
  story.pass(1ms);
  CHECK(story.last_alert().state == AlertState::firing);
  CHECK(story.last_alert().ts == until);
}

TEST_CASE("alerts of a checkpoint before silences go on", "[analytics][lesson-25]") {
  Story story(Story::quiet());
  auto rule = too_hot();
  rule.cooldown = 60s;
  story.engine = *analytics::Engine::decode(bytes_of(alerts_state_5));
  story.advance(3s).said.clear();
  story.pass(20min);
  CHECK(story.alerts() == Strings{"firing too-hot silenced"});
  CHECK(story.last_alert().ts == from_ms(story_start_ms) + 10min);
  rule.severity = proto::Severity::info;
  story.forget().rules(only(rule));
  CHECK(story.alerts() == Strings{"resolved too-hot acked", "acknowledged too-hot acked", "resolved too-hot silenced",
                                  "firing too-hot silenced", "resolved too-hot flapping", "flapping too-hot flapping"});
}
