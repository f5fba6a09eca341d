#include <catch2/catch.hpp>

#include "analytics/windows.hpp"
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

std::vector<proto::WindowAggregate> of_length(const Story& story, Millis length) {
  auto all = story.all<proto::WindowAggregate>();
  std::erase_if(all, [&](const auto& w) { return w.window != length; });
  return all;
}

}  // namespace

TEST_CASE("hours and days are made of shorter windows and equal what their readings give", "[analytics][lesson-18]") {
  const auto shorter = GENERATE(as<std::vector<Millis>>{}, std::vector<Millis>{}, std::vector<Millis>{10s},
                                std::vector<Millis>{10s, 60s, 5min});
  CAPTURE(shorter.size());
  auto lengths = shorter;
  lengths.insert(lengths.end(), {1h, 24h});
  Story story(windows(lengths, {1h}));
  const auto midnight = Timestamp{std::chrono::ceil<std::chrono::days>(story.now())};
  story.pass(midnight - story.now());
  int hour_ends = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    story.reads("site1/a", "t", i % 60).pass(1min);
    if (i == 90) story.engine = *analytics::Engine::decode(story.engine.encode());
    hour_ends += i % 60 == 59 ? 1 : 0;
  }
  story.pass(30s - 1ms);
  CHECK(of_length(story, 1h).size() == 23);
  story.pass(1ms);
  const auto hours = of_length(story, 1h);
  REQUIRE(hours.size() == 24);
  for (const auto& hour : hours) {
    CHECK(hour.count == 60);
    CHECK(hour.avg == Approx(29.5));
    CHECK(hour.min == 0);
    CHECK(hour.max == 59);
    CHECK(hour.last == 59);
    CHECK(hour.stddev == Approx(std::sqrt((60.0 * 60 - 1) / 12)));
  }
  const auto days = of_length(story, 24h);
  REQUIRE(days.size() == 1);
  CHECK(days[0].start == midnight);
  CHECK(days[0].count == 1440);
  CHECK(days[0].avg == Approx(29.5));
  CHECK(days[0].stddev == Approx(std::sqrt((60.0 * 60 - 1) / 12)));
  CHECK(story.all<proto::DeviceRollup>().size() == 24);
  if (shorter.empty()) CHECK(story.all<proto::WindowAggregate>().size() == 25);
  CHECK(!story.engine.next_deadline());
}

TEST_CASE("a reading too late for the window that an hour is made of is late for the hour", "[analytics][lesson-18]") {
  Story story(windows({60s, 1h}));
  const auto start = story.now();
  story.temperature(1).pass(5min).reads_at("site1/esp32-7", "temperature", 50, start + 30s);
  CHECK(story.engine.census().late_readings == 1);
  story.pass(2h);
  REQUIRE(of_length(story, 1h).size() == 1);
  CHECK(of_length(story, 1h)[0].count == 1);
}

TEST_CASE("duplicates and readings out of order count once, in any order", "[analytics][lesson-18][lesson-19]") {
  const bool shuffled = GENERATE(false, true);
  CAPTURE(shuffled);
  Story story(windows({60s, 1h}));
  const auto start = story.now();
  std::vector<int> order;
  for (int second = 0; second < 60; ++second) order.push_back(shuffled ? second * 7 % 60 : second);
  story.advance(60s);
  for (int repeat = 0; repeat < 3; ++repeat)
    for (const int second : order)
      story.reads_at("site1/esp32-7", "temperature", second, start + std::chrono::seconds(second));
  story.pass(2h);
  for (const auto& w : story.all<proto::WindowAggregate>()) {
    CAPTURE(w.window.count());
    CHECK(w.count == 60);
    CHECK(w.avg == Approx(29.5));
    CHECK(w.last == 59);
  }
  CHECK(story.all<proto::WindowAggregate>().size() == 2);
}

TEST_CASE("in a dense window late readings still count", "[analytics][lesson-18]") {
  Story story(windows({60s}));
  const auto start = story.now();
  story.advance(60s);
  for (int i = 0; i < 600; ++i) story.reads_at("site1/a", "t", 1, start + Millis{i * 100});
  for (int i = 0; i < 100; ++i) story.reads_at("site1/a", "t", 1, start + Millis{i * 100 + 50});
  story.pass(90s);
  CHECK(story.all<proto::WindowAggregate>()[0].count == 700);
}

TEST_CASE("what a window published knows of repetitions is which of its 64ths have a reading",
          "[analytics][lesson-18]") {
  // 64 s: a second each. Readings in order of their times, then one more that is older than the newest.
  const auto [in_order, every, older, count] = GENERATE(table<int, Millis, Millis, std::uint64_t>({
      {64, 1000ms, 10'000ms, 64},   // a repetition
      {32, 2000ms, 11'000ms, 33},   // late, where nothing was
      {64, 1000ms, 10'500ms, 64},   // late, but taken for a repetition
      {128, 500ms, 10'250ms, 129},  // late in a dense window
      {128, 500ms, 10'000ms, 129},  // a repetition in a dense window
  }));
  CAPTURE(in_order, older.count());
  Story story(windows({64s}));
  const auto start = from_ms(story_start_ms - story_start_ms % 64'000 + 64'000);
  story.advance(start + 64s - story.now());
  for (int i = 0; i < in_order; ++i) story.reads_at("site1/a", "t", 1, start + i * every);
  story.reads_at("site1/a", "t", 1, start + older);
  story.pass(3min);
  CHECK(story.all<proto::WindowAggregate>().at(0).count == count);
}

TEST_CASE("hours go on when the lengths they are made of change", "[analytics]") {
  Story story(windows({60s, 1h}));
  story.pass(20min);  // to a whole hour
  for (int i = 0; i < 30; ++i) story.temperature(i).pass(60s);
  const auto hour = of_length(story, 1h).size();
  story.pass(30s).rules(windows({10s, 60s, 5min, 1h}));
  for (int i = 0; i < 30; ++i) story.temperature(i).pass(60s);
  story.pass(2h);
  std::uint64_t count = 0;
  for (const auto& w : of_length(story, 1h)) count += w.count;
  CHECK(hour == 0);
  CHECK(count == 60);
}

TEST_CASE("the sum of two sums is that of all their readings, and one can be taken out again", "[analytics]") {
  analytics::WindowSum all;
  analytics::WindowSum front;
  analytics::WindowSum back;
  for (int i = 0; i < 100; ++i) {
    const double x = (i * i) % 37 + (i < 40 ? 1000 : 0);
    all.add(from_ms(i), x);
    (i < 40 ? front : back).add(from_ms(i), x);
  }
  auto both = front;
  both.add(back);
  CHECK(both.count == all.count);
  CHECK(both.mean == Approx(all.mean));
  CHECK(both.stddev() == Approx(all.stddev()));
  CHECK(both.min == all.min);
  CHECK(both.max == all.max);
  CHECK(both.last == all.last);
  both.take_out(back);
  CHECK(both.count == front.count);
  CHECK(both.mean == Approx(front.mean));
  CHECK(both.stddev() == Approx(front.stddev()));
  both.take_out(front);
  CHECK(both.count == 0);
  both.add(back);
  CHECK(both.mean == Approx(back.mean));
}

TEST_CASE("what an older version held open for an hour goes on without counting an open minute twice", "[analytics]") {
  using analytics::Windows;
  analytics::Workspace ws;
  ws.rules = windows({60s, 1h});
  ws.clock.advance(ws.clock.to_instant(from_ms(story_start_ms)));
  ws.fleet.add(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", "a"});
  ws.fleet.add(proto::NewSeries{proto::SeriesId{1}, proto::DeviceKey{1}, "t", "Cel"});
  const auto minute = from_ms(story_start_ms);
  const auto hour = std::chrono::floor<std::chrono::hours>(minute);
  std::string bytes;
  proto::ByteWriter out(bytes);
  out.varint(0);  // late
  out.varint(2);
  const auto track = [&](Millis length, Timestamp start, std::uint32_t count, double mean, double m2) {
    out.zigzag(length.count());
    out.varint(1);
    analytics::put(out, start);
    analytics::put(out, ws.clock.to_instant(start + length + 30s));
    for (const std::uint32_t v : {1U, 1U, count}) out.varint(v);
    analytics::put(out, minute + 2s);
    for (const double v : {mean, m2, 0.0, 9.0, 6.0}) out.f64(v);
    ws.timers.add({ws.clock.to_instant(start + length + 30s), static_cast<std::uint64_t>(length.count()),
                   analytics::TimerKind::window});
  };
  track(60s, minute, 2, 5, 2);      // 4, 6
  track(1h, hour, 4, 4.75, 42.75);  // 0, 9, 4, 6
  Windows old(ws);
  proto::ByteReader in(bytes);
  REQUIRE(old.decode(in, 5));
  old.add(1, minute + 3s, 11, Windows::Arrival::newest);
  std::vector<proto::Finding> said;
  ws.findings = &said;
  while (const auto next = ws.timers.earliest()) {
    ws.clock.advance(*next);
    old.on_deadline(*ws.timers.take_due(*next));
  }
  REQUIRE(said.size() == 2);
  const auto& whole = std::get<proto::WindowAggregate>(said[1]);
  CHECK(whole.window == 1h);
  CHECK(whole.count == 5);
  CHECK(whole.avg == Approx(6));
  CHECK(whole.max == 11);
  CHECK(whole.stddev == Approx(std::sqrt((36 + 9 + 4 + 0 + 25) / 5.0)));
}
