#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::LinkState;
using proto::Presence;

namespace {

Story awake(proto::RuleSet rules = Story::quiet()) {
  Story story(std::move(rules));
  story.listening();
  return story;
}

}  // namespace

TEST_CASE("a silent device is stale, then offline, exactly at its deadlines", "[analytics][lesson-24]") {
  auto [heartbeat_s, stale, offline] =
      GENERATE(table<int, Millis, Millis>({{1, 15s, 30s}, {10, 15s, 30s}, {60, 90s, 180s}, {900, 1350s, 2700s}}));
  CAPTURE(heartbeat_s);
  auto story = awake();
  const auto start = story.now();
  story.birth("site1/boiler", "5f2c", heartbeat_s);
  CHECK(story.presence() == Strings{"boiler online birth"});
  CHECK(story.last_presence().heartbeat_s == heartbeat_s);
  CHECK(story.engine.next_deadline() == start + stale);
  story.tick(stale - 1ms);
  CHECK(story.presence().size() == 1);
  story.tick(1ms);
  CHECK(story.last_presence().state == Presence::stale);
  CHECK(story.last_presence().ts == start + stale);
  CHECK(story.engine.next_deadline() == start + offline);
  story.tick(offline - stale - 1ms);
  CHECK(story.presence().size() == 2);
  CHECK(story.alerts().empty());
  story.tick(1ms);
  CHECK(story.presence() == Strings{"boiler online birth", "boiler stale timeout", "boiler offline timeout"});
  CHECK(story.last_presence().ts == start + offline);
  CHECK(story.last_presence().last_seen == start);
  CHECK(story.alerts() == Strings{"firing offline boiler"});
  CHECK(story.last_alert().metric == "_");
  CHECK(story.engine.next_deadline() == std::nullopt);
  story.tick(24h);
  CHECK(story.presence().size() == 3);
  story.reads("site1/boiler", "temperature", 20);
  CHECK(story.last_presence().state == Presence::online);
  CHECK(story.alerts() == Strings{"firing offline boiler", "resolved offline boiler"});
}

TEST_CASE("a late tick finds the same times as a punctual one", "[analytics]") {
  auto story = awake();
  const auto start = story.now();
  story.birth("site1/boiler").tick(1h);
  const auto changes = story.all<proto::PresenceChange>();
  REQUIRE(changes.size() == 3);
  CHECK(changes[1].ts == start + 90s);
  CHECK(changes[2].ts == start + 180s);
  CHECK(story.last_alert().ts == start + 180s);
}

TEST_CASE("any message counts as a sign of life, also a refused one", "[analytics]") {
  auto story = awake();
  story.birth("site1/boiler");
  for (int i = 0; i < 5; ++i) {
    story.advance(80s).reads("site1/boiler", "temperature", 20);
    story.advance(80s).event(proto::Heard{story.device("site1/boiler")});
    story.advance(80s).event(proto::DeadLetter{proto::DeadLetterReason::bad_json, "telemetry/site1/boiler", "{", 1, "",
                                               story.device("site1/boiler")});
    story.advance(80s).reads_at("site1/boiler", "temperature", 20, story.now() - 24h);
    story.advance(80s).reads("site1/boiler", "temperature", std::nan(""));
  }
  CHECK(story.presence().size() == 1);
}

TEST_CASE("the announced period counts before the configured, the learned and the default", "[analytics]") {
  auto rules = Story::quiet();
  rules.heartbeats.push_back({"*", "site1", "pump-*", 20});
  rules.default_heartbeat_s = 100;
  auto story = awake(rules);
  story.birth("site1/pump-1", "", 40).birth("site1/pump-2").birth("site2/pump-3");
  const auto start = story.now();
  story.pass(300s);
  std::map<std::string, Millis> offline;
  for (const auto& p : story.all<proto::PresenceChange>())
    if (p.state == Presence::offline) offline[p.device] = p.ts - start;
  CHECK(offline == std::map<std::string, Millis>{{"pump-1", 120s}, {"pump-2", 60s}, {"pump-3", 300s}});
}

TEST_CASE("a slow device is learned after twenty gaps, a fast one keeps the default", "[analytics][lesson-24]") {
  auto [gap, offline] = GENERATE(table<Millis, Millis>({{150s, 450s}, {5s, 180s}}));
  CAPTURE(gap.count());
  auto story = awake();
  for (int i = 0; i < 21; ++i) story.reads("site1/meter", "energy", i).pass(gap);
  story.reads("site1/meter", "energy", 99).forget();
  const auto start = story.now();
  story.pass(1h);
  REQUIRE(story.last_presence().state == Presence::offline);
  CHECK(story.last_presence().ts == start + offline);
}

TEST_CASE("while the link is down, ingest paused or the backlog unread, nobody goes offline",
          "[analytics][lesson-25]") {
  auto [interruption, end] = GENERATE(table<LinkState, LinkState>({{LinkState::down, LinkState::caught_up},
                                                                   {LinkState::paused, LinkState::resumed},
                                                                   {LinkState::up, LinkState::caught_up},
                                                                   {LinkState::started, LinkState::caught_up},
                                                                   {LinkState::stopped, LinkState::caught_up}}));
  CAPTURE(to_string(Presence::offline), static_cast<int>(interruption));
  auto story = awake();
  story.birth("site1/boiler").advance(60s).link(interruption).forget();
  story.pass(10h);
  CHECK(story.presence().empty());
  story.link(end);
  const auto since = story.now();
  CHECK(story.engine.next_deadline() == since + 90s);
  story.pass(180s - 1ms);
  CHECK(story.presence() == Strings{"boiler stale timeout"});
  story.pass(1ms);
  CHECK(story.presence() == Strings{"boiler stale timeout", "boiler offline timeout"});
}

TEST_CASE("a short pause delays verdicts but does not start them anew", "[analytics]") {
  auto story = awake();
  story.birth("site1/boiler").advance(88s).link(LinkState::paused).advance(4s);
  story.link(LinkState::resumed).tick(0ms);
  CHECK(story.last_presence().state == Presence::stale);
}

TEST_CASE("a device that was known before the log and stays silent is judged too", "[analytics][lesson-24]") {
  Story story;
  story.engine.seed(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", "cellar"});
  story.link(LinkState::started).advance(1h).listening();
  const auto since = story.now();
  story.pass(180s);
  CHECK(story.presence() == Strings{"cellar stale timeout", "cellar offline timeout"});
  CHECK(story.last_presence().ts == since + 180s);
  CHECK(!story.last_presence().last_seen);
  CHECK(story.alerts() == Strings{"firing offline cellar"});
}

TEST_CASE("a will means offline after five seconds, unless data or a birth follows", "[analytics][lesson-26]") {
  auto story = awake();
  story.birth("site1/a", "s1").birth("site1/b", "s2").birth("site1/c", "s3").advance(1s).forget();
  const auto at = story.now();
  story.will("site1/a", "s1").will("site1/b", "s2").will("site1/c", "s3");
  CHECK(story.engine.next_deadline() == at + 5s);
  story.tick(4s).reads("site1/b", "temperature", 20).birth("site1/c", "s4").tick(999ms);
  CHECK(story.presence().empty());
  story.tick(1ms);
  CHECK(story.presence() == Strings{"a offline will"});
  CHECK(story.last_presence().ts == at + 5s);
  CHECK(story.alerts() == Strings{"firing offline a"});
  story.tick(1s).reads("site1/a", "temperature", 20);
  CHECK(story.presence() == Strings{"a offline will", "a online data"});
}

TEST_CASE("a will of another session than the last birth's is ignored", "[analytics][lesson-26]") {
  auto [born, will, offline] = GENERATE(table<std::string, std::string, bool>(
      {{"new", "old", false}, {"new", "new", true}, {"new", "", true}, {"", "x", true}, {"", "", true}}));
  CAPTURE(born, will);
  auto story = awake();
  story.birth("site1/a", born).advance(1s).will("site1/a", will).pass(10s);
  CHECK((story.last_presence().state == Presence::offline) == offline);
}

TEST_CASE("a sleeping device is offline only after three announced heartbeats", "[analytics]") {
  auto story = awake();
  story.birth("site1/leaf", "s", 60).advance(1s);
  story.status("site1/leaf", proto::DeviceState::sleeping, "s", 900).forget();
  story.pass(2700s - 1ms);
  CHECK(story.presence().empty());
  story.pass(1ms);
  CHECK(story.presence() == Strings{"leaf offline timeout"});
  story.birth("site1/leaf", "t", 60).status("site1/leaf", proto::DeviceState::sleeping, "t", 900);
  CHECK(story.presence() == Strings{"leaf offline timeout", "leaf online birth", "leaf sleeping sleep"});
}

TEST_CASE("a retained status is the first word about an unknown device and nothing else", "[analytics][lesson-12]") {
  auto [state, shown] = GENERATE(table<proto::DeviceState, std::string>({{proto::DeviceState::online, "online"},
                                                                         {proto::DeviceState::offline, "offline"},
                                                                         {proto::DeviceState::sleeping, "sleeping"}}));
  Story story;
  const auto copy = [&](const std::string& path) {
    story.event(proto::DeviceStatus{story.device(path), state, true, "", std::nullopt, std::nullopt});
  };
  story.link(LinkState::started);
  copy("site1/a");
  CHECK(story.presence() == Strings{"a " + shown + " retained"});
  CHECK(!story.last_presence().last_seen);
  CHECK(story.alerts().empty());
  story.reads("site1/b", "temperature", 1).forget();
  copy("site1/b");
  CHECK(story.presence().empty());
  story.listening().advance(80s);
  copy("site1/b");
  story.pass(10s);
  CHECK(story.presence().back() == (shown == "online" ? "b stale timeout" : "b stale timeout"));
}

TEST_CASE("one device's will together with its broker's death is no verdict", "[analytics][lesson-26]") {
  const bool before = GENERATE(true, false);
  CAPTURE(before);
  auto story = awake();
  for (int i = 0; i < 10; ++i) story.birth("site1/d" + std::to_string(i));
  story.advance(10s).forget();
  if (!before) story.link(LinkState::down).advance(3s);
  for (int i = 0; i < 3; ++i) story.advance(200ms).will("site1/d" + std::to_string(i));
  if (before) story.advance(4s).link(LinkState::down);
  story.advance(20s).listening();
  for (int i = 3; i < 10; ++i) story.reads("site1/d" + std::to_string(i), "t", 1);
  story.pass(60s);
  CHECK(story.presence().empty());
  story.forget().pass(120s);
  CHECK(story.all<proto::PresenceChange>().size() >= 3);  // silence is judged, later
}

TEST_CASE("wills that come apart, or without a lost link, are believed", "[analytics][lesson-26]") {
  auto [apart, link_lost] = GENERATE(table<Millis, bool>({{1100ms, true}, {100ms, false}}));
  CAPTURE(apart.count(), link_lost);
  auto story = awake();
  for (int i = 0; i < 10; ++i) story.birth("site1/d" + std::to_string(i));
  story.forget();
  for (int i = 0; i < 3; ++i) story.advance(apart).will("site1/d" + std::to_string(i));
  if (link_lost) story.link(LinkState::down).advance(1s).listening();
  for (int i = 3; i < 10; ++i) story.reads("site1/d" + std::to_string(i), "t", 1);
  story.pass(10s);
  CHECK(story.presence() == Strings{"d0 offline will", "d1 offline will", "d2 offline will"});
}

TEST_CASE("wills that the broker kept for us while it died are no verdict either", "[analytics][lesson-26]") {
  auto story = awake();
  for (int i = 0; i < 8; ++i) story.birth("site1/d" + std::to_string(i));
  story.forget().link(LinkState::down).advance(60s).link(LinkState::up);
  for (int i = 0; i < 8; ++i) story.will("site1/d" + std::to_string(i));
  story.advance(1s).link(LinkState::caught_up).pass(60s);
  CHECK(story.presence().empty());
}

TEST_CASE("a will from the backlog waits until its birth may have been read", "[analytics][lesson-26]") {
  auto story = awake();
  story.birth("site1/a", "s1").forget();
  story.link(LinkState::stopped).advance(1h).link(LinkState::started).link(LinkState::up);
  story.will("site1/a", "s1").pass(20s);
  CHECK(story.presence().empty());
  story.link(LinkState::caught_up).pass(5s - 1ms);
  CHECK(story.presence().empty());
  story.pass(1ms);
  CHECK(story.presence() == Strings{"a offline will"});
}

TEST_CASE("a lost link is one alert of the service, resolved when it is up", "[analytics]") {
  auto story = awake();
  const auto lost = story.now();
  story.link(LinkState::down).advance(1s).link(LinkState::down).pass(10s).link(LinkState::up);
  const auto all = story.all<proto::AlertTransition>();
  REQUIRE(story.alerts() == Strings{"firing link-down -", "resolved link-down -"});
  CHECK(all[0].site == "-");
  CHECK(all[0].metric == "_");
  CHECK(all[0].severity == proto::Severity::critical);
  CHECK(all[0].id == all[1].id);
  CHECK(all[0].started == lost);
  CHECK(all[0].ts == lost + 5s);
}

TEST_CASE("a link that is back within five seconds raises nothing, however often", "[analytics]") {
  auto story = awake();
  for (int i = 0; i < 10; ++i) {
    story.link(LinkState::down).pass(4999ms).link(LinkState::up).link(LinkState::caught_up).pass(1s);
  }
  CHECK(story.alerts().empty());
  const bool restarted = GENERATE(false, true);
  story.link(LinkState::down).pass(1s);
  if (restarted) story.link(LinkState::stopped).advance(1h).link(LinkState::started).pass(1s).link(LinkState::up);
  if (!restarted) {
    story.engine = *analytics::Engine::decode(story.engine.encode());  // the deadline is part of the checkpoint
    story.pass(4s);
  }
  CHECK(story.alerts() == (restarted ? Strings{} : Strings{"firing link-down -"}));
}

TEST_CASE("clock steps move log time but no deadline", "[analytics][lesson-24]") {
  const Millis step = GENERATE(Millis{2h}, Millis{-2h}, Millis{-3s});
  CAPTURE(step.count());
  auto story = awake();
  story.birth("site1/boiler").advance(60s).forget();
  const auto from = story.now();
  story.advance(step).event(proto::ClockStep{from, from + step});
  CHECK(story.engine.next_deadline() == story.now() + 30s);
  story.pass(30s - 1ms);
  CHECK(story.presence().empty());
  story.pass(1ms);
  CHECK(story.presence() == Strings{"boiler stale timeout"});
  CHECK(story.last_presence().ts == story.now());
}

TEST_CASE("a shorter period that is announced or configured counts at once", "[analytics]") {
  auto story = awake();
  story.birth("site1/a").birth("site1/b").advance(10s).forget();
  auto rules = Story::quiet();
  rules.heartbeats.push_back({"*", "*", "b", 10});
  story.rules(rules).birth("site1/a", "", 2).pass(15s);
  CHECK(story.presence() == Strings{"b stale timeout", "a stale timeout"});
}
