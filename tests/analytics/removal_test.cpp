#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using Lines = std::vector<std::string>;

namespace {

constexpr const char* path = "site1/esp32-7";

proto::RuleSet above_80() {
  auto rules = Story::quiet();
  rules.rules.push_back(too_hot());
  rules.rules.back().metric = "*";
  return rules;
}

Story& remove(Story& story, const std::string& who, std::vector<proto::SeriesId> series) {
  const auto slash = who.find('/');
  return story.event(proto::DevicesRemoved{
      "default", who.substr(0, slash), who.substr(slash + 1), "ana", "", {story.device(who)}, std::move(series)});
}

}  // namespace

TEST_CASE("a removed device's alerts and presence end as removed, and the operator is told", "[analytics]") {
  Story story(above_80());
  story.listening().temperature(90);
  REQUIRE(story.alerts() == Lines{"firing too-hot esp32-7"});
  story.forget();
  remove(story, path, {story.series(path, "temperature")});
  CHECK(story.alerts() == Lines{"removed too-hot esp32-7"});
  CHECK(story.last_alert().summary == "the device was removed by ana");
  CHECK(story.presence() == Lines{"esp32-7 removed removal"});
  CHECK(story.all<proto::RemovalReply>() ==
        std::vector{proto::RemovalReply{"default", "site1", "esp32-7", true, "devices: 1, series: 1"}});
  CHECK(story.engine.census().series == 0);

  // From then on it is not missed, and what is still told of its numbers is told of nobody.
  story.forget().temperature(95).pass(10min);
  CHECK(story.said.empty());
  for (const auto count : story.engine.census().devices) CHECK(count == 0);
}

TEST_CASE("nothing of that name is an answer, too", "[analytics]") {
  Story story(Story::quiet());
  story.forget().event(proto::DevicesRemoved{"default", "site1", "nobody", "", "", {}, {}});
  CHECK(story.all<proto::RemovalReply>() ==
        std::vector{proto::RemovalReply{"default", "site1", "nobody", false, "no such device"}});
}

TEST_CASE("windows that are open at the removal are not said, others are", "[analytics]") {
  auto rules = Story::quiet();
  rules.windows = {Millis{60'000}};
  rules.rollup_windows = {Millis{60'000}};
  Story story(rules);
  story.listening().reads(path, "temperature", 1).reads("site1/other", "temperature", 2);
  remove(story, path, {story.series(path, "temperature")}).pass(2min);
  const auto said = story.all<proto::WindowAggregate>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].device == "other");
  CHECK(story.all<proto::DeviceRollup>().size() == 1);
}

TEST_CASE("a group alert and a site alert do not outlive the last device in them", "[analytics]") {
  Story story(above_80());
  story.listening();
  std::vector<proto::SeriesId> series;
  for (int i = 0; i < 12; ++i) {
    const auto metric = "m" + std::to_string(i);
    series.push_back(story.series(path, metric));
    story.reads(path, metric, 90);
  }
  REQUIRE(story.last_alert().rule == "grouped");
  story.forget();
  remove(story, path, series);
  CHECK(story.alerts() == Lines{"removed grouped esp32-7"});

  for (const auto* who : {"yard/a", "yard/b", "yard/c"}) story.reads(who, "m", 1);
  story.pass(10min);
  REQUIRE(story.last_alert().rule == "site-silent");
  story.forget();
  for (const auto* who : {"yard/a", "yard/b", "yard/c"}) remove(story, who, {story.series(who, "m")});
  CHECK(story.alerts() == Lines{"removed site-silent -"});
  // The site is there again as soon as somebody is, also after a restart.
  const auto bytes = story.engine.encode();
  auto next = analytics::Engine::decode(bytes);
  REQUIRE(next);
  CHECK(next->encode() == bytes);
}
