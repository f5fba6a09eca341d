#include "alerting/desk.hpp"
#include "alerting/gauges.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>

#include "store/state_db.hpp"
#include "store/store.hpp"
#include "tests/alerting/recording_publisher.hpp"
#include "tests/alerting/story.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;

namespace {

struct Scene {
  test::TemporaryFolder folder;
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  test::RecordingPublisher publisher;
  store::Store store{options(folder), clock, log, metrics};
  store::StateDb state{folder.path() / "state.db"};
  alerting::Alerting alerting{{}, store, state, publisher, clock, log, metrics};

  static store::StoreOptions options(const test::TemporaryFolder& folder) {
    store::StoreOptions options;
    options.path = folder.path();
    options.recent_hours = 0;
    return options;
  }
  void append(const test::Story& story) {
    for (const auto& batch : story.batches) REQUIRE(store.append(std::make_shared<proto::Batch>(batch)));
  }
};

}  // namespace

TEST_CASE("the desk works through the log, delivers, and leaves a checkpoint when it is stopped", "[alerting]") {
  const auto story = test::make_story(20, 60);
  Scene scene;
  scene.publisher.at_once = true;
  scene.alerting.start();
  scene.publisher.connect();
  scene.append(story);
  REQUIRE(test::eventually([&] { return scene.alerting.processed_sequence() == story.batches.size(); }));
  CHECK(scene.alerting.next_deadline());
  scene.alerting.stop(Millis{0});

  CHECK(scene.state.history().size() == story.transitions.size());
  const auto checkpoint = scene.state.load_checkpoint();
  REQUIRE(checkpoint);
  CHECK(checkpoint->position.sequence == story.batches.size());
  CHECK(scene.publisher.retained() == story.table);
  const auto engine = analytics::Engine::decode(checkpoint->value);
  REQUIRE(engine);
  CHECK(engine->next_deadline() == scene.alerting.next_deadline());
}

TEST_CASE("what the engine expects of a series is told while it works, and not before it has read the log",
          "[alerting]") {
  const auto batch = [](std::uint64_t number) {
    auto made = std::make_shared<proto::Batch>();
    made->log_time = from_ms(1'763'700'000'000 + static_cast<std::int64_t>(number) * 1000);
    proto::Reading reading{};
    reading.series = proto::SeriesId{1};
    reading.ts = made->log_time;
    reading.type = proto::ValueType::number;
    reading.number = 20 + static_cast<double>(number % 2);
    made->readings.push_back(reading);
    return made;
  };
  Scene scene;
  const auto ask = [&](std::uint32_t series) {
    auto told = std::make_shared<std::promise<std::optional<std::vector<proto::ExpectedHours>>>>();
    scene.alerting.expected(proto::SeriesId{series}, [told](const auto& answer) { told->set_value(answer); });
    return told->get_future();
  };
  auto first = ask(1);
  auto begin = batch(0);
  begin->readings.clear();  // events have their place among readings
  proto::RuleSet rules;
  rules.rules.emplace_back().name = "unusual";
  rules.rules.back().check = proto::UnusualCheck{};
  begin->add(proto::RuleSetChange{rules});
  begin->add(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", "d1"});
  begin->add(proto::NewSeries{proto::SeriesId{1}, proto::DeviceKey{1}, "t", ""});
  REQUIRE(scene.store.append(begin));
  scene.alerting.start();
  CHECK_FALSE(first.get());
  const auto processed = [&](std::uint64_t n) {
    return test::eventually([&] { return scene.alerting.processed_sequence() == n; });
  };
  REQUIRE(processed(1));
  const auto unlearned = ask(1).get();
  REQUIRE(unlearned);
  REQUIRE(unlearned->size() == 1);
  CHECK(unlearned->front().hours.empty());
  CHECK(ask(2).get()->empty());
  for (std::uint64_t i = 1; i <= 60; ++i) REQUIRE(scene.store.append(batch(i)));
  REQUIRE(processed(61));
  const auto learned = ask(1).get();
  REQUIRE(learned);
  REQUIRE(learned->size() == 1);
  CHECK(learned->front().rule == "unusual");
  REQUIRE(learned->front().hours.size() == 1);
  CHECK(learned->front().hours[0].hour == 4);
  CHECK(learned->front().hours[0].expected == Approx(20.5).margin(0.1));
}

TEST_CASE("what is committed before the stop is processed before the end", "[alerting]") {
  const auto story = test::make_story(21, 60);
  Scene scene;
  scene.alerting.start();
  scene.append(story);
  scene.alerting.stop(Millis{0});
  CHECK(scene.alerting.processed_sequence() == story.batches.size());
  CHECK(scene.state.history().size() == story.transitions.size());
  CHECK(scene.state.queued(0, 1000).size() >= story.transitions.size());  // nobody was there to take them
}

TEST_CASE("a desk that was never started or stopped goes quietly", "[alerting]") {
  { Scene never_started; }
  Scene never_stopped;
  never_stopped.alerting.start();
  never_stopped.append(test::make_story(22, 10));
}

TEST_CASE("gauges and counters say what is watched, what fires and what waits", "[alerting]") {
  const auto story = test::make_story(23, 60);
  Scene scene;
  scene.append(story);
  scene.alerting.start();
  REQUIRE(test::eventually([&] { return scene.alerting.processed_sequence() == story.batches.size(); }));
  scene.clock.advance(Millis{1000});
  const auto gauge = [&](const std::string& name, proto::Labels labels = {}) {
    return scene.metrics.gauge(name, "", std::move(labels)).value();
  };
  CHECK(test::eventually([&] { return gauge("telltale_series") == 4; }));
  scene.alerting.stop(Millis{0});
  double devices = 0;
  for (const char* state : {"unknown", "online", "stale", "offline", "sleeping"}) {
    devices += gauge("telltale_devices", {{"state", state}});
  }
  CHECK(devices == 4);
  CHECK(gauge("telltale_queue_depth", {{"queue", "outbox"}}) ==
        static_cast<double>(scene.state.backlog().events + scene.state.backlog().topics));
  std::uint64_t transitions = 0;
  for (const char* to : {"firing", "acknowledged", "silenced", "flapping", "resolved", "removed"}) {
    transitions += scene.metrics.value("telltale_alert_transitions_total{to=\"" + std::string(to) + "\"}");
  }
  CHECK(transitions == story.transitions.size());
}

TEST_CASE("readings that are too late for their window are counted from the start of this run",
          "[alerting][lesson-18]") {
  Scene scene;
  analytics::Engine engine;
  std::vector<proto::Finding> said;
  std::uint64_t sequence = 0;
  const auto late_reading = [&] {
    proto::Batch batch;
    batch.position.sequence = ++sequence;
    batch.log_time = from_ms(1'763'700'000'000);
    if (sequence == 1) {
      batch.add(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", "d1"});
      batch.add(proto::NewSeries{proto::SeriesId{1}, proto::DeviceKey{1}, "t", ""});
    }
    proto::Reading reading{};
    reading.series = proto::SeriesId{1};
    reading.ts = batch.log_time - Millis{3'600'000 - static_cast<std::int64_t>(sequence)};
    batch.readings.push_back(reading);
    engine.process(batch, said);
  };
  late_reading();
  alerting::Gauges gauges(scene.metrics, scene.clock);
  gauges.refresh_if_due(engine, scene.state);
  late_reading();
  late_reading();
  scene.clock.advance(Millis{1000});
  gauges.refresh_if_due(engine, scene.state);
  CHECK(engine.census().late_readings == 3);
  CHECK(scene.metrics.value("telltale_late_readings_total") == 2);
}
