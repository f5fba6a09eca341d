#include "alerting/best_effort.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "alerting/refusals.hpp"
#include "tests/alerting/recording_publisher.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"

using namespace telltale;
using alerting::BestEffort;
using alerting::Refusals;

namespace {

proto::Outgoing aggregate(int i) {
  return {.topic = "aggregates/1m/s/d/m", .payload = std::to_string(i), .qos = 0, .retain = false, .expiry_s = 120};
}
constexpr auto dropped = R"(telltale_mqtt_messages_published_total{class="aggregates",result="dropped"})";

proto::Batch batch_with(std::size_t letters, proto::DeviceKey device) {
  proto::Batch batch;
  batch.log_time = from_ms(1763700000000);
  proto::DeadLetter letter;
  letter.reason = proto::DeadLetterReason::bad_json;
  letter.topic = "telemetry/site1/d1";
  letter.payload = "{";
  letter.payload_bytes = 1;
  letter.device = device;
  for (std::size_t i = 0; i < letters; ++i) batch.add(letter);
  return batch;
}

}  // namespace

TEST_CASE("without a connection best effort is dropped and counted", "[alerting]") {
  test::RecordingPublisher publisher;
  test::PlainMetrics metrics;
  BestEffort best_effort(publisher, metrics);
  best_effort.send(aggregate(1));
  CHECK_FALSE(best_effort.waiting());
  CHECK(metrics.value(dropped) == 1);
}

TEST_CASE("a burst that the publisher does not take at once waits its turn", "[alerting]") {
  test::RecordingPublisher publisher;
  test::PlainMetrics metrics;
  publisher.capacity = 10;
  BestEffort best_effort(publisher, metrics);
  publisher.connect_silently();
  for (int i = 0; i < 100; ++i) best_effort.send(aggregate(i));
  CHECK(best_effort.waiting());
  for (int rounds = 0; rounds < 20; ++rounds) {
    publisher.acknowledge_silently(10);
    best_effort.pump();
  }
  CHECK_FALSE(best_effort.waiting());
  const auto wire = publisher.wire();
  REQUIRE(wire.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(wire[static_cast<std::size_t>(i)].payload == std::to_string(i));
  CHECK(metrics.value(dropped) == 0);
}

TEST_CASE("what waits is bounded in bytes, and goes with the connection", "[alerting]") {
  test::RecordingPublisher publisher;
  test::PlainMetrics metrics;
  publisher.capacity = 0;
  BestEffort best_effort(publisher, metrics, 1000);
  publisher.connect_silently();
  for (int i = 0; i < 100; ++i) best_effort.send(aggregate(i));
  const auto above_the_bound = metrics.value(dropped);
  CHECK(above_the_bound > 80);
  CHECK(above_the_bound < 100);
  publisher.lose_silently();
  best_effort.pump();
  CHECK_FALSE(best_effort.waiting());
  CHECK(metrics.value(dropped) == 100);
}

TEST_CASE("the owner of a known device is told why its message was refused", "[alerting]") {
  test::RecordingPublisher publisher;
  test::PlainMetrics metrics;
  test::SimulatedClock clock;
  publisher.at_once = true;
  BestEffort best_effort(publisher, metrics);
  publisher.connect_silently();
  store::Directory known;
  known.devices.push_back({proto::DeviceKey{1}, "default", "site1", "d1", {}});
  Refusals refusals(known, best_effort, clock, proto::Tenancy::single, 3);

  SECTION("a device of the catalog") {
    refusals.report(batch_with(1, proto::DeviceKey{1}));
    REQUIRE(publisher.wire().size() == 1);
    CHECK(publisher.wire()[0].topic == "errors/site1/d1");
  }
  SECTION("a device of the log") {
    proto::Batch batch;
    batch.add(proto::NewDevice{proto::DeviceKey{2}, "default", "site2", "d.2:x"});
    refusals.learn(batch);
    refusals.report(batch_with(1, proto::DeviceKey{2}));
    REQUIRE(publisher.wire().size() == 1);
    CHECK(publisher.wire()[0].topic == "errors/site2/d.2:x");
  }
  SECTION("a device that nobody knows") {
    refusals.report(batch_with(1, proto::DeviceKey::none));
    refusals.report(batch_with(1, proto::DeviceKey{77}));
    CHECK(publisher.wire().empty());
  }
  SECTION("not more often than the rate allows") {
    refusals.report(batch_with(1000, proto::DeviceKey{1}));
    CHECK(publisher.wire().size() == 3);
    clock.advance(Millis{999});
    refusals.report(batch_with(1, proto::DeviceKey{1}));
    CHECK(publisher.wire().size() == 3);
    clock.advance(Millis{1});
    refusals.report(batch_with(1, proto::DeviceKey{1}));
    CHECK(publisher.wire().size() == 4);
  }
}
