#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::DeviceState;
using proto::LinkState;

namespace {

std::string path(int i) { return "site1/d" + std::to_string(i); }

Story awake(int devices, std::optional<std::int64_t> heartbeat_s = std::nullopt, Millis apart = 0s) {
  Story story(Story::quiet());
  story.listening();
  for (int i = 0; i < devices; ++i) story.birth(path(i), "", heartbeat_s).pass(apart);
  return story;
}

}  // namespace

TEST_CASE("an hour without the service is nobody's silence, whether it was stopped or killed",
          "[analytics][lesson-25]") {
  const bool killed = GENERATE(false, true);
  CAPTURE(killed);
  auto story = awake(4);
  story.advance(10s).forget();
  if (!killed) story.link(LinkState::stopped);
  story.advance(1h).link(LinkState::started).advance(2s).listening();
  const auto since = story.now();
  CHECK(story.presence().empty());
  CHECK(story.engine.next_deadline() == since + 90s);
  story.pass(180s);
  CHECK(story.alerts() == Strings{"firing site-silent -"});
  CHECK(story.last_presence().ts == since + 180s);
}

TEST_CASE("a link that was lost just before the service was killed is no alert an hour later", "[analytics]") {
  auto story = awake(1);
  story.link(LinkState::down).advance(1s).tick(0ms).advance(1h).link(LinkState::started).pass(1s).listening();
  CHECK(story.alerts().empty());
}

TEST_CASE("what is pending when we stop listening is judged by the next reading, not by its deadline",
          "[analytics][lesson-25]") {
  auto [still_hot, alerts] = GENERATE(table<bool, Strings>({{false, {}}, {true, {"firing too-hot esp32-7"}}}));
  CAPTURE(still_hot);
  auto rule = too_hot();
  rule.persistence = Millis{30s};
  Story story(only(rule));
  story.listening().temperature(90).advance(5s).link(LinkState::down).pass(1min);
  CHECK(story.alerts() == Strings{"firing link-down -"});
  story.listening().forget();
  story.temperature(still_hot ? 91 : 20).pass(1min);
  CHECK(story.alerts() == alerts);
}

TEST_CASE("a will of a sleeping device says only that it sleeps", "[analytics][lesson-26]") {
  auto story = awake(0);
  story.birth("site1/leaf", "s").status("site1/leaf", DeviceState::sleeping, "s", 900).advance(30s).forget();
  story.will("site1/leaf", "s").pass(2670s - 1ms);
  CHECK(story.presence().empty());
  story.pass(1ms);
  CHECK(story.presence() == Strings{"leaf offline timeout"});
}

TEST_CASE("a session that is named when going to sleep is the present one", "[analytics][lesson-26]") {
  auto story = awake(0);
  story.birth("site1/leaf", "old").status("site1/leaf", DeviceState::sleeping, "new", 900);
  story.reads("site1/leaf", "t", 1).advance(1s).will("site1/leaf", "new").pass(5s);
  CHECK(story.presence().back() == "leaf offline will");
}

TEST_CASE("the host went down with broker and service: the wills of all are no verdict", "[analytics][lesson-26]") {
  const bool killed = GENERATE(false, true);
  const int devices = GENERATE(2, 8);
  CAPTURE(killed, devices);
  auto story = awake(devices);
  story.advance(5s).forget();
  if (!killed) story.link(LinkState::stopped);
  story.advance(10min).link(LinkState::started).link(LinkState::up);
  for (int i = 0; i < devices; ++i) story.will(path(i));
  story.link(LinkState::caught_up).pass(60s);  // devices come back with a back-off of up to a minute
  for (int i = 0; i < devices; ++i) story.birth(path(i));
  story.pass(80s);
  CHECK(story.presence().empty());
  CHECK(story.alerts().empty());
}

TEST_CASE("a site of slow devices that falls silent is one alert", "[analytics][lesson-26]") {
  auto story = awake(10, 300, 30s);
  story.forget().pass(1h);
  CHECK(story.alerts() == Strings{"firing site-silent -"});
}

TEST_CASE("wills of most of a site at once are one alert from the start", "[analytics][lesson-26]") {
  auto story = awake(10);
  story.advance(10s).forget();
  for (int i = 0; i < 7; ++i) story.advance(200ms).will(path(i));
  for (int t = 0; t < 10; ++t, story.pass(30s))
    for (int i = 7; i < 10; ++i) story.reads(path(i), "t", 1);
  CHECK(story.alerts() == Strings{"firing site-silent -"});
  story.forget();
  for (int i = 0; i < 7; ++i) story.birth(path(i));
  CHECK(story.alerts() == Strings{"resolved site-silent -"});
}

TEST_CASE("wills that are taken back do not count for the site", "[analytics][lesson-26]") {
  auto story = awake(10);
  story.advance(10s).forget();
  for (int i = 0; i < 7; ++i) story.will(path(i));
  story.advance(3s);
  for (int i = 1; i < 10; ++i) story.reads(path(i), "t", 1);
  story.pass(30s);
  CHECK(story.alerts() == Strings{"firing offline d0"});
}

TEST_CASE("a device that comes and goes is flapping: said once, and once when it stays", "[analytics][lesson-27]") {
  auto story = awake(1);
  story.forget();
  for (int i = 0; i < 20; ++i) story.advance(10s).will(path(0)).pass(10s).birth(path(0));
  CHECK(story.alerts() == Strings{"firing offline d0", "resolved offline d0", "flapping offline d0"});
  for (Millis t{0}; t < 16min; t += 30s) story.pass(30s).reads(path(0), "t", 1);
  CHECK(story.alerts().size() == 4);
  CHECK(story.alerts().back() == "resolved offline d0");
}

TEST_CASE("a flapping device that stays away stays told; its site's silence speaks for a new one",
          "[analytics][lesson-27]") {
  auto story = awake(3);
  story.forget();
  const bool with_its_site = GENERATE(false, true);
  CAPTURE(with_its_site);
  for (int i = 0; i < 3; ++i) {
    story.advance(10s).will(path(0)).pass(10s).birth(path(0));
    for (int other : {1, 2}) story.reads(path(other), "t", 1);
  }
  story.forget().pass(5s).will(path(0));
  if (with_its_site) story.will(path(1)).will(path(2));
  for (Millis t{0}; t < 10min; t += 30s, story.pass(30s))
    for (int other : {1, 2})
      if (!with_its_site) story.reads(path(other), "t", 1);
  CHECK(story.alerts() == (with_its_site ? Strings{"firing site-silent -", "removed offline d0"} : Strings{}));
  CHECK(story.presence().back() == (with_its_site ? "d2 offline will" : "d0 offline will"));
}

TEST_CASE("a link that is lost again and again is flapping", "[analytics][lesson-27]") {
  auto story = awake(1);
  for (int i = 0; i < 10; ++i) story.link(LinkState::down).pass(20s).listening().pass(20s);
  CHECK(story.alerts() == Strings{"firing link-down -", "resolved link-down -", "flapping link-down -"});
  for (Millis t{0}; t < 16min; t += 30s) story.pass(30s).reads(path(0), "t", 1);
  CHECK(story.alerts().back() == "resolved link-down -");
  CHECK(story.alerts().size() == 4);
}

TEST_CASE("a device that is first named by a retained copy has its time to speak",
          "[analytics][lesson-12][lesson-24]") {
  auto story = awake(1, 86'400);
  story.pass(1h).forget();
  const auto at = story.now();
  for (int i = 1; i < 4; ++i)
    story.event(proto::DeviceStatus{story.device(path(i)), DeviceState::online, true, "s", {}, {}});
  CHECK(story.engine.next_deadline() == at + 90s);
  story.engine = *analytics::Engine::decode(story.engine.encode());
  story.pass(180s - 1ms);
  CHECK(story.alerts().empty());
  story.pass(1ms);
  CHECK(story.alerts() == Strings{"firing site-silent -"});
}
