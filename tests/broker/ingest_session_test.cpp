#include "broker/ingest_session.hpp"

#include <catch2/catch.hpp>

#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> numbered(std::string_view prefix, std::size_t from, std::size_t to) {
  std::vector<std::string> all;
  for (std::size_t i = from; i < to; ++i) all.push_back(std::string(prefix) + std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("messages arrive in order with their topic, QoS, filter and payload", "[broker]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#", "status/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.session().status().problem.empty());
  CHECK(ours.granted() == std::vector<std::string>{"telemetry/#", "status/#"});

  RawClient device(broker.port());
  device.publish("telemetry/site1/d1", "one");
  device.publish("telemetry/site1/d1", "two", 0);
  device.publish("status/site1/d1", "");
  REQUIRE(eventually([&] { return ours.message_count() == 3; }));
  const auto got = ours.messages();
  CHECK(got[0].topic == "telemetry/site1/d1");
  CHECK(got[0].payload == "one");
  CHECK(got[0].qos == 1);
  CHECK(got[0].packet_id != 0);
  CHECK(got[0].filter == 0);
  CHECK_FALSE(got[0].dup);
  CHECK(got[1].qos == 0);
  CHECK(got[1].packet_id == 0);
  CHECK(got[2].filter == 1);
  CHECK(got[2].payload.empty());
  CHECK(ours.metrics().value("telltale_qos0_messages_total") == 1);
  CHECK(ours.metrics()
            .gauge("telltale_mqtt_connected", "", {{"broker", "127.0.0.1:" + std::to_string(broker.port())}})
            .value() == 1);
}

TEST_CASE("what was not acknowledged is delivered again after the connection went", "[broker][lesson-01]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  RawClient device(broker.port());
  {
    RecordedSession first(options, Acknowledging::by_hand);
    REQUIRE(eventually([&] { return first.caught_up(); }));
    device.publish_many("telemetry/s/d", "m", 10);
    REQUIRE(eventually([&] { return first.message_count() == 10; }));
    first.session().acknowledge(1, 4);
  }
  RecordedSession second(options);
  REQUIRE(eventually([&] { return second.caught_up(); }));
  CHECK(second.payloads() == numbered("m", 4, 10));
  for (const auto& m : second.messages()) CHECK(m.dup);
  CHECK(second.story().front() == "connected 1 kept");
}
