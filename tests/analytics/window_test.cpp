#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

proto::RuleSet windows(std::vector<Millis> aggregates, std::vector<Millis> rollups = {}) {
  auto rules = Story::quiet();
  rules.windows = std::move(aggregates);
  rules.rollup_windows = std::move(rollups);
  return rules;
}

}  // namespace

TEST_CASE("a window closes when log time passes its end and the allowed lateness", "[analytics][lesson-18]") {
  Story story(windows({60s}));
  const auto start = story.now();
  for (const double v : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) story.temperature(v).advance(7s);
  CHECK(story.engine.next_deadline() == start + 90s);
  story.advance(90s - 56s - 1ms).tick(0ms);
  CHECK(story.all<proto::WindowAggregate>().empty());
  story.tick(1ms);
  const auto closed = story.all<proto::WindowAggregate>();
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].start == start);
  CHECK(closed[0].window == 60s);
  CHECK(closed[0].count == 8);
  CHECK(closed[0].avg == Approx(5));
  CHECK(closed[0].min == 2);
  CHECK(closed[0].max == 9);
  CHECK(closed[0].last == 9);
  CHECK(closed[0].stddev == Approx(2));
  CHECK(closed[0].metric == "temperature");
  CHECK(closed[0].unit == "Cel");
  CHECK(!story.engine.next_deadline());
}

TEST_CASE("late readings count into an open window and are only counted for a closed one", "[analytics][lesson-18]") {
  Story story(windows({60s}));
  const auto start = story.now();
  story.advance(70s).temperature(1).reads_at("site1/esp32-7", "temperature", 5, start + 59'999ms);
  story.tick(20s - 1ms);
  story.reads_at("site1/esp32-7", "temperature", 7, start + 1s).tick(1ms);
  REQUIRE(story.all<proto::WindowAggregate>().size() == 1);
  CHECK(story.all<proto::WindowAggregate>()[0].count == 2);
  CHECK(story.all<proto::WindowAggregate>()[0].last == 5);
  CHECK(story.engine.census().late_readings == 0);
  story.reads_at("site1/esp32-7", "temperature", 9, start + 2s).tick(1h);
  CHECK(story.engine.census().late_readings == 1);
  CHECK(story.all<proto::WindowAggregate>().size() == 2);
}

TEST_CASE("windows are aligned to UTC and a device's clock does not move them", "[analytics]") {
  Story story(windows({60s, 3600s}));
  const auto ahead = story.now() + 4min;
  story.reads_at("site1/a", "t", 1, ahead + 59s).reads_at("site1/b", "t", 1, story.now() + 1s);
  story.pass(91s);
  REQUIRE(story.all<proto::WindowAggregate>().size() == 1);
  CHECK(story.all<proto::WindowAggregate>()[0].device == "b");
  story.pass(2h);
  const auto all = story.all<proto::WindowAggregate>();
  REQUIRE(all.size() == 4);
  CHECK(all[1].start == ahead);
  for (const auto& w : all) CHECK(w.start.time_since_epoch() % w.window == 0ms);
}

TEST_CASE("windows of one end close in order of series, rollups in order of device and metric", "[analytics]") {
  Story story(windows({60s}, {60s}));
  for (const auto* device : {"site1/b", "site1/a"})
    for (const auto* metric : {"zeta", "alpha"}) story.series(device, metric);
  for (const auto* metric : {"alpha", "zeta"})
    for (const auto* device : {"site1/a", "site1/b"}) story.reads(device, metric, 3);
  story.pass(90s);
  Strings order;
  for (const auto& w : story.all<proto::WindowAggregate>()) order.push_back(w.device + ' ' + w.metric);
  CHECK(order == Strings{"b zeta", "b alpha", "a zeta", "a alpha"});
  const auto rollups = story.all<proto::DeviceRollup>();
  REQUIRE(rollups.size() == 2);
  CHECK(rollups[0].device == "b");
  REQUIRE(rollups[0].columns.size() == 2);
  CHECK(rollups[0].columns[0].metric == "alpha");
  CHECK(rollups[0].columns[1].metric == "zeta");
  CHECK(rollups[0].columns[1].avg == 3);
}

TEST_CASE("history is aggregated while its window is open, the backlog is not", "[analytics]") {
  auto rules = windows({60s});
  rules.allowed_lateness = 1h;
  Story story(rules);
  story.reads_at("site1/a", "t", 1, story.now() - 30min);
  story.reads_at("site1/b", "t", 1, story.now(), proto::TsSource::backlog);
  story.pass(2h);
  REQUIRE(story.all<proto::WindowAggregate>().size() == 1);
  CHECK(story.all<proto::WindowAggregate>()[0].device == "a");
}

TEST_CASE("a repeated newest reading does not count twice", "[analytics]") {
  Story story(windows({60s}));
  story.temperature(1).temperature(1).pass(90s);
  CHECK(story.all<proto::WindowAggregate>()[0].count == 1);
}

TEST_CASE("a clock step does not change how long a window stays open", "[analytics]") {
  const Millis step = GENERATE(Millis{5h}, Millis{-5h});
  Story story(windows({60s}));
  story.temperature(1).advance(10s);
  const auto from = story.now();
  story.advance(step).event(proto::ClockStep{from, from + step}).pass(80s - 1ms);
  CHECK(story.all<proto::WindowAggregate>().empty());
  story.temperature(2).pass(1ms);
  CHECK(story.all<proto::WindowAggregate>().size() == 1);
  story.pass(2min);
  CHECK(story.all<proto::WindowAggregate>().size() == 2);
}

TEST_CASE("other window lengths count from when they are set", "[analytics]") {
  Story story(windows({60s}));
  story.temperature(1).rules(windows({10s})).advance(1s).temperature(2).pass(10min);
  const auto all = story.all<proto::WindowAggregate>();
  REQUIRE(all.size() == 1);
  CHECK(all[0].window == 10s);
  CHECK(all[0].avg == 2);
}

TEST_CASE("window lengths that make no sense are left out", "[analytics]") {
  Story story(windows({0ms, -5s, 500ms, Millis{std::numeric_limits<std::int64_t>::max()}, 60s}));
  story.temperature(1).pass(90s);
  CHECK(story.all<proto::WindowAggregate>().size() == 1);
}
