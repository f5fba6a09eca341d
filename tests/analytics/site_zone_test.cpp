#include <catch2/catch.hpp>

#include "analytics/engine.hpp"
#include "proto/zone_offsets.hpp"
#include "tests/analytics/story.hpp"

namespace telltale::test {
namespace {

proto::RuleSet watching(const std::string& zone) {
  auto rules = Story::quiet();
  rules.rules.emplace_back().name = "unusual";
  rules.rules.back().check = proto::UnusualCheck{};
  if (!zone.empty()) rules.zones = {{"*", "plant*", proto::zone_offsets(zone)}};
  return rules;
}

/// Of one model of the engine.
std::vector<double> learned(const analytics::Engine& engine, const std::string& name) {
  const auto models = engine.learned();
  REQUIRE(models.size() == 1);
  for (const auto& [n, values] : models[0].numbers)
    if (n == name) return values;
  FAIL("no " << name);
  return {};
}

/// An hour of readings that begins then, one every 10 minutes.
void hour(Story& story, const std::string& device, Timestamp begin, double value) {
  for (int i = 0; i < 6; ++i) {
    story.advance(begin + Millis{600'000} * i - story.now());
    story.reads(device, "heat", value);
  }
}

const Timestamp day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

TEST_CASE("what is usual goes by the hour of the site's day", "[analytics]") {
  const auto [zone, site, bin] = GENERATE(table<std::string, std::string, std::size_t>({
      {"", "plant1", 12},
      {"Europe/Prague", "plant1", 13},
      {"Europe/Prague", "attic", 12},  // not its zone
      {"Asia/Kolkata", "plant1", 17},  // 12:00 is 17:30
      {"America/Los_Angeles", "plant1", 4},
  }));
  CAPTURE(zone, site);
  Story story(watching(zone));
  story.listening();
  hour(story, site + "/d1", day + std::chrono::hours(12), 20);
  CHECK(learned(story.engine, "hour_mean")[bin] == 20);
}

TEST_CASE("on days that change the clock no hour is counted twice, and one is left out", "[analytics]") {
  // Prague: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00 again.
  const auto [month, date, days_of_2, readings_of_2] = GENERATE(table<unsigned, unsigned, double, double>({
      {3, 28, 1, 6},
      {3, 29, 0, 0},
      {10, 24, 1, 6},
      {10, 25, 1, 12},
  }));
  CAPTURE(month, date);
  Story story(watching("Europe/Prague"));
  story.listening();
  const Timestamp midnight{
      std::chrono::sys_days{std::chrono::year{2026} / static_cast<int>(month) / static_cast<int>(date)}};
  for (int h = -3; h < 6; ++h) hour(story, "plant1/d1", midnight + std::chrono::hours(h), h);
  CHECK(learned(story.engine, "hour_days")[2] == days_of_2);
  CHECK(learned(story.engine, "hour_readings")[2] == readings_of_2);
  for (const double days : learned(story.engine, "hour_days")) CHECK(days <= 1);
}

TEST_CASE("a zone set later counts from then on, also behind a checkpoint", "[analytics]") {
  Story story(watching(""));
  story.listening();
  hour(story, "plant1/d1", day + std::chrono::hours(12), 20);
  story.rules(watching("Europe/Prague"));
  auto again = analytics::Engine::decode(story.engine.encode());
  REQUIRE(again);
  story.engine = std::move(*again);
  hour(story, "plant1/d1", day + std::chrono::hours(36), 30);
  CHECK(learned(story.engine, "hour_mean")[12] == 20);
  CHECK(learned(story.engine, "hour_mean")[13] == 30);
}

}  // namespace
}  // namespace telltale::test
