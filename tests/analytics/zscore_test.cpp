#include <catch2/catch.hpp>
#include <random>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

proto::Rule odd(proto::ZScoreCheck check) {
  proto::Rule rule;
  rule.name = "odd";
  rule.metric = "temperature";
  rule.check = check;
  return rule;
}

class Noise {
 public:
  double next() { return 50 + normal_(random_); }

 private:
  std::mt19937 random_{7};
  std::normal_distribution<double> normal_{0, 1};
};

void settle(Story& story, Noise& noise, int readings) {
  for (int i = 0; i < readings; ++i) story.advance(1s).temperature(noise.next());
}

}  // namespace

TEST_CASE("a value far from the series' own level fires and explains itself", "[analytics][lesson-28]") {
  proto::ZScoreCheck check;
  check.limit = 6;
  check.clear = 3;
  Story story(only(odd(check)));
  Noise noise;
  settle(story, noise, 400);
  CHECK(story.alerts().empty());
  story.advance(1s).temperature(65);
  REQUIRE(story.alerts() == Strings{"firing odd esp32-7"});
  CHECK(story.last_alert().value == 65.0);
  CHECK(*story.last_alert().threshold == Approx(56).margin(1));
  CHECK_THAT(story.last_alert().summary, Catch::StartsWith("temperature 65 Cel outside 5") && Catch::Contains(" ± ") &&
                                             Catch::Contains("(z 1") && Catch::EndsWith("> 6) on esp32-7"));
  story.advance(1s).temperature(54.5);
  CHECK(story.alerts().size() == 1);
  story.advance(1s).temperature(50);
  CHECK(story.alerts() == Strings{"firing odd esp32-7", "resolved odd esp32-7"});
}

TEST_CASE("nothing is said during the warm-up", "[analytics][lesson-28]") {
  const std::uint32_t warmup = GENERATE(5U, 30U);
  proto::ZScoreCheck check;
  check.warmup = warmup;
  Story story(only(odd(check)));
  for (std::uint32_t i = 0; i < warmup; ++i) story.advance(1s).temperature(i + 1 == warmup ? 1000 : 20);
  CHECK(story.alerts().empty());
}

TEST_CASE("a flat line never fires by its own rounding once it has a floor", "[analytics][lesson-28]") {
  auto [floor, fires] = GENERATE(table<double, bool>({{0.5, false}, {0.01, true}}));
  proto::ZScoreCheck check;
  check.floor = floor;
  Story story(only(odd(check)));
  for (int i = 0; i < 100; ++i) story.advance(1s).temperature(20);
  story.advance(1s).temperature(20.1);
  CHECK(story.alerts().empty() != fires);
}

TEST_CASE("outliers do not teach the baseline that they are normal", "[analytics][lesson-28]") {
  proto::ZScoreCheck check;
  check.limit = 5;
  Story story(only(odd(check)));
  Noise noise;
  settle(story, noise, 500);
  for (int i = 0; i < 20; ++i) story.advance(1s).temperature(1e6).advance(1s).temperature(noise.next());
  story.forget().advance(1s).temperature(62);
  CHECK(story.alerts() == Strings{"firing odd esp32-7"});
}

TEST_CASE("a level that has changed for good becomes the new normal in time", "[analytics]") {
  proto::ZScoreCheck check;
  check.span = 50;
  Story story(only(odd(check)));
  Noise noise;
  settle(story, noise, 300);
  for (int i = 0; i < 3000; ++i) story.advance(1s).temperature(noise.next() + 30);
  CHECK(story.alerts().size() >= 2);
  CHECK(story.engine.census().alerts[1] == 0);
}

TEST_CASE("false alarms on plain noise are as rare as the limit promises", "[analytics][lesson-28]") {
  proto::ZScoreCheck check;
  check.limit = 5;
  Story story(only(odd(check)));
  Noise noise;
  settle(story, noise, 20'000);
  CHECK(story.alerts().size() <= 2);
}
