#include <catch2/catch.hpp>
#include <numbers>
#include <random>

#include "analytics/unusual_model.hpp"
#include "tests/analytics/states_of_version_5.hpp"
#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

proto::Rule unusual() {
  proto::Rule rule;
  rule.name = "unusual";
  rule.check = proto::UnusualCheck{};
  rule.cooldown = 15min;
  return rule;
}

/// A room: warm by day, cool by night, a little noise. One reading in five minutes.
class Room {
 public:
  explicit Room(proto::RuleSet rules = only(unusual())) : story(std::move(rules)) { story.listening(); }

  Room& live(std::chrono::hours span, double offset = 0) {
    for (const auto end = story.now() + span; story.now() < end;) story.advance(5min).temperature(usual() + offset);
    return *this;
  }
  [[nodiscard]] double usual() {
    const auto hours = static_cast<double>(to_ms(story.now()) % 86'400'000) / 3'600'000;
    return 20 + 4 * std::sin(hours * std::numbers::pi / 12) + noise_(random_);
  }
  /// Without what the watchdog says of the device.
  [[nodiscard]] Strings alerts() const {
    auto found = story.alerts();
    std::erase_if(found, [](const auto& a) { return a.find("unusual") == std::string::npos; });
    return found;
  }
  Story story;

 private:
  std::mt19937 random_{11};
  std::normal_distribution<double> noise_{0, 0.2};
};

}  // namespace

TEST_CASE("two weeks of an ordinary room are silent", "[analytics][lesson-28]") {
  Room room;
  room.live(24h * 14);
  CHECK(room.alerts().empty());
}

TEST_CASE("what is unusual for its hour fires once, explains itself, and clears itself", "[analytics][lesson-28]") {
  Room room;
  room.live(24h * 10);
  // 24 degrees are nothing at noon; the same at night are.
  while (to_ms(room.story.now()) % 86'400'000 != 18 * 3'600'000) room.story.advance(5min).temperature(room.usual());
  room.story.forget();
  for (int i = 0; i < 4; ++i) room.story.advance(5min).temperature(24);
  CHECK(room.alerts() == Strings{"firing unusual esp32-7"});
  const auto alert = room.story.all<proto::AlertTransition>().front();
  CHECK(alert.value == 24.0);
  CHECK(*alert.threshold < 24);
  CHECK_THAT(alert.summary, Catch::StartsWith("temperature 24 Cel unusual: expected 16.") && Catch::Contains(" ± ") &&
                                Catch::Contains("at this hour, ") &&
                                Catch::EndsWith(" times this series' usual peak on esp32-7"));
  room.live(3h);
  REQUIRE(room.alerts() == Strings{"firing unusual esp32-7", "resolved unusual esp32-7"});
  CHECK_THAT(room.story.last_alert().summary, Catch::Contains("as usual again"));
}

TEST_CASE("a small shift that lasts is found though no reading of it is far out", "[analytics]") {
  Room room;
  room.live(24h * 10);
  room.story.forget();
  room.live(3h, 1.5);
  REQUIRE(room.alerts() == Strings{"firing unusual esp32-7"});
  CHECK_THAT(room.story.last_alert().summary, Catch::Contains("and the readings before it unusual"));
}

TEST_CASE("a new level is told once and then becomes usual", "[analytics][lesson-27]") {
  Room room;
  room.live(24h * 10);
  room.story.forget();
  room.live(24h * 4, 30);
  CHECK(std::ranges::count(room.alerts(), "firing unusual esp32-7") == 1);
  CHECK(std::ranges::count(room.alerts(), "resolved unusual esp32-7") >= 1);
}

TEST_CASE("before the warm-up nothing is unusual, and a line that never moves never is", "[analytics][lesson-28]") {
  const double level = GENERATE(0.0, -40.0, 1e9, 1e300);
  CAPTURE(level);
  Story story(only(unusual()));
  for (std::uint32_t i = 0; i < analytics::UnusualModel::warmup; ++i)
    story.advance(1s).temperature(i % 7 == 3 ? 99 : 1);
  CHECK(story.alerts().empty());
  Story flat(only(unusual()));
  flat.listening();
  for (int i = 0; i < 2000; ++i) flat.advance(10s).temperature(level);
  CHECK(flat.alerts().empty());
}

TEST_CASE("booleans and series that are left out are not watched", "[analytics]") {
  const auto except = GENERATE(as<std::string>{}, "temp*", "esp32-7/temperature", "site1/*/temperature");
  CAPTURE(except);
  auto rule = unusual();
  rule.except = {except};
  Story story(only(rule));
  Story switches(only(unusual()));
  for (int i = 0; i < 500; ++i) {
    story.advance(10s).temperature(i == 400 ? 100 : i % 3);
    auto reading = switches.advance(10s).reading("site1/door", "open", i == 400 ? 1 : 0, switches.now());
    reading.type = proto::ValueType::boolean;
    proto::Batch batch;
    batch.readings.push_back(reading);
    switches.batch(std::move(batch));
  }
  CHECK(story.alerts().empty());
  CHECK(switches.alerts().empty());
}

TEST_CASE("a pattern for other series leaves this one watched", "[analytics]") {
  auto rule = unusual();
  rule.except = {"humidity", "esp32-8/*", "site2/esp32-7/*"};
  Story story(only(rule));
  for (int i = 0; i < 500; ++i) story.advance(10s).temperature(i == 400 ? 100 : i % 3);
  CHECK(story.alerts().size() >= 1);
}

TEST_CASE("a checkpoint of the version before models is still read", "[analytics]") {
  Story story(Story::quiet());
  story.listening().temperature(20);
  auto bytes = bytes_of(quiet_state_5);
  bytes[3] = '3';
  std::string rules;
  proto::ByteWriter out(rules);
  proto::encode(Story::quiet(), out);
  rules[0] = 2;
  rules.pop_back();  // no maintenance windows then
  const auto at = bytes.find(rules);
  REQUIRE(at != std::string::npos);
  bytes[at] = 1;  // rule sets had no exceptions then; without rules the bytes are the same
  auto engine = analytics::Engine::decode(bytes);
  REQUIRE(engine.has_value());
  CHECK(engine->encode() == story.engine.encode());
}
