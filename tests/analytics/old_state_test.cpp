#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/analytics/states_of_version_5.hpp"
#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// golden/state-N.hex, as version N of the engine wrote it 10 s after the story's start. Rules: too-hot (t*, above 80,
/// clear 75, cooldown 60 s), odd (zscore, humidity), from 4 on unusual (humidity), from 5 on gone (humidity missing for
/// 5 min); windows of 1 min. At site1 `off` left its will, `wet` gave 20 readings, rack has a grouped alert of eleven,
/// and four devices have the alert that they are called.
std::string old_state(int version) {
  std::ifstream file(TELLTALE_SOURCE_DIR "/tests/analytics/golden/state-" + std::to_string(version) + ".hex");
  std::string hex, line;
  while (std::getline(file, line)) hex += line;
  return bytes_of(hex);
}

/// The numbers that devices and series have in it.
void introduce(Story& story) {
  story.device("site1/off");
  story.series("site1/wet", "humidity");
  for (const char* name : {"acked", "silenced", "flapping"}) story.series(std::string("site1/") + name, "temperature");
  for (int i = 0; i < 11; ++i) story.series("site1/rack", "t" + std::to_string(i));
  story.series("site1/clearing", "temperature");
}

void live(Story& story, Millis span) {
  for (Millis t{0}; t < span; t += 30s) {
    for (const char* name : {"wet", "acked", "silenced", "flapping", "rack", "clearing"})
      story.event(proto::Heard{story.device(std::string("site1/") + name)});
    story.pass(30s);
  }
}

}  // namespace

TEST_CASE("a state that an older version wrote is read, and all that was in it goes on", "[analytics][lesson-25]") {
  const int version = GENERATE(3, 4, 6);
  const bool again = GENERATE(false, true);
  CAPTURE(version, again);
  Story story;
  introduce(story);
  auto engine = analytics::Engine::decode(old_state(version));
  REQUIRE(engine);
  story.engine = std::move(*engine);
  if (again) story.restart();
  story.advance(10s).forget();

  std::size_t active = 0;
  for (const auto n : story.engine.census().alerts) active += n;
  CHECK(active == 5);  // offline, acked, silenced, flapping, grouped
  CHECK(story.engine.census().devices[static_cast<std::size_t>(proto::Presence::offline)] == 1);
  const auto learned = story.engine.learned();
  REQUIRE(learned.size() == (version == 3 ? 1U : 2U));
  for (const auto& model : learned) CHECK(model.numbers.size() > 2);

  live(story, 10min);
  Strings told{"firing too-hot silenced"};
  if (version == 6) told.insert(told.begin(), "firing gone wet");
  CHECK(story.alerts() == told);
  CHECK(story.last_alert().ts == from_ms(story_start_ms) + 10min);
  const auto windows = story.all<proto::WindowAggregate>();
  const auto wet = std::find_if(windows.begin(), windows.end(), [](const auto& w) { return w.metric == "humidity"; });
  REQUIRE(wet != windows.end());
  CHECK(wet->count == 20);
  CHECK(wet->avg == Approx(50.95));

  story.forget().reads("site1/acked", "temperature", 70).birth("site1/off", "t", 60);
  for (int i = 0; i < 11; ++i) story.reads("site1/rack", "t" + std::to_string(i), 70);
  CHECK(story.alerts() == Strings{"resolved too-hot acked", "resolved offline off", "resolved grouped rack"});
  story.forget().reads("site1/flapping", "temperature", 70);
  CHECK(story.alerts().empty());
  story.pass(60s);
  CHECK(story.alerts() == Strings{"resolved too-hot flapping"});
  story.forget().reads("site1/wet", "humidity", 500);
  const auto last = story.alerts();
  CHECK(std::find(last.begin(), last.end(), "firing odd wet") != last.end());  // what is usual was not forgotten
}
