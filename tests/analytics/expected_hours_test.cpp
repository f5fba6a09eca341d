#include <catch2/catch.hpp>
#include <numbers>
#include <random>

#include "analytics/unusual_model.hpp"
#include "proto/zone_offsets.hpp"
#include "tests/analytics/story.hpp"

namespace telltale::test {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// A room: warm by day, cool by night, a little noise.
class Room {
 public:
  double at(Timestamp ts) {
    const auto hours = static_cast<double>(to_ms(ts) % (24 * hour_ms)) / static_cast<double>(hour_ms);
    return 20 + 4 * std::sin(hours * std::numbers::pi / 12) + noise_(random_);
  }

 private:
  std::mt19937 random_{12};
  std::normal_distribution<double> noise_{0, 0.2};
};

proto::Rule unusual(const std::string& name, double limit) {
  proto::Rule rule;
  rule.name = name;
  rule.check = proto::UnusualCheck{.limit = limit, .clear = 1.0};
  return rule;
}

proto::RuleSet only(std::vector<proto::Rule> rules) {
  auto set = Story::quiet();
  set.rules = std::move(rules);
  return set;
}

TEST_CASE("what a model says it expects in an hour is what the next reading is compared with", "[analytics]") {
  analytics::UnusualModel model;
  Room room;
  const Millis local = 2h;
  std::size_t compared = 0;
  std::size_t unseen = 0;
  std::size_t other_peaks = 0;  // a block of two days ends with a reading, before it is judged
  for (int i = 0; i < 12 * 24 * 10; ++i) {
    const Timestamp ts = from_ms(story_start_ms) + i * Millis{5min};
    const auto hour = static_cast<std::size_t>(to_ms(ts + local) / hour_ms % 24);
    const auto before = model.at_hour(hour);
    const auto score = model.observe(ts, room.at(ts), local);
    if (i < static_cast<int>(analytics::UnusualModel::warmup)) CHECK_FALSE(before);
    if (!before) {
      ++unseen;
      continue;
    }
    ++compared;
    REQUIRE(before->expected == score.expected);
    REQUIRE(before->spread == score.spread);
    other_peaks += before->per_spread != score.per_spread;
  }
  CHECK(unseen == analytics::UnusualModel::warmup + 19);  // and once for each hour that came later
  CHECK(compared > 2700);
  CHECK(other_peaks <= 5);
}

TEST_CASE("the distance is where one reading alone begins to be told", "[analytics]") {
  const auto [limit, side] = GENERATE(table<double, double>({{4.0, 1.0}, {4.0, -1.0}, {6.0, 1.0}}));
  CAPTURE(limit, side);
  Story story(only({unusual("odd", limit)}));
  story.listening();
  Room room;
  for (int i = 0; i < 12 * 24 * 9; ++i) story.advance(5min).temperature(room.at(story.now()));
  story.advance(5min);
  const auto known = story.engine.expected(story.series("site1/esp32-7", "temperature"));
  REQUIRE(known.size() == 1);
  REQUIRE(known[0].hours.size() == 24);
  const auto& hour = known[0].hours[static_cast<std::size_t>(to_ms(story.now()) / hour_ms % 24)];
  REQUIRE(hour.away);
  const auto state = story.engine.encode();
  const auto told = [&](double share) {
    story.engine = *analytics::Engine::decode(state);
    story.forget();
    story.temperature(hour.expected + side * share * *hour.away);
    return std::ranges::count(story.alerts(), "firing odd esp32-7");
  };
  CHECK(told(0.99) == 0);
  CHECK(told(1.01) == 1);
}

TEST_CASE("each rule that watches a series says what it expects, in the hours of the site's day", "[analytics]") {
  auto rules = only(
      {unusual("careful", 3), unusual("elsewhere", 4), unusual("far", 90), unusual("all", 0.5), unusual("least", 1.5)});
  rules.rules[1].site = "attic";
  rules.zones = {{"*", "plant*", proto::zone_offsets("Asia/Kolkata")}};
  Story story(rules);
  const auto series = story.series("plant1/d1", "heat");
  CHECK(story.engine.expected(series).size() == 4);
  CHECK(story.engine.expected(proto::SeriesId{99}).empty());
  story.listening().advance(from_ms(1'772'366'400'000) - story.now());  // 2026-03-01 12:00 UTC: 17:30 there
  for (std::uint32_t i = 0; i < analytics::UnusualModel::warmup; ++i) {
    CHECK(story.engine.expected(series)[0].hours.empty());
    story.advance(10s).reads("plant1/d1", "heat", 20 + i % 2);
  }
  const auto known = story.engine.expected(series);
  REQUIRE(known.size() == 4);
  CHECK(known[0].rule == "careful");
  CHECK(known[0].limit == 3);
  CHECK(known[0].utc_offset == 330min);
  REQUIRE(known[0].hours.size() == 1);
  CHECK(known[0].hours[0].hour == 17);
  CHECK(known[0].hours[0].expected == Approx(20.5));
  CHECK(known[0].hours[0].away);
  CHECK(known[1].rule == "far");
  REQUIRE(known[1].hours.size() == 1);
  CHECK(known[1].hours[0].expected == known[0].hours[0].expected);
  CHECK_FALSE(known[1].hours[0].away);      // no single reading is ever that unusual
  CHECK(known[2].hours == known[3].hours);  // below 1.5 nothing is told, whatever the limit
  story.restart();
  CHECK(story.engine.expected(series) == known);

  proto::DevicesRemoved removal;
  removal.tenant = "default";
  removal.devices = {story.device("plant1/d1")};
  removal.series = {series};
  story.event(removal);
  CHECK(story.engine.expected(series).empty());
}

}  // namespace
}  // namespace telltale::test
