#include "broker/ingest_session.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;
using namespace std::chrono_literals;

TEST_CASE("messages arrive in order with their topic, QoS, filter and payload", "[broker]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#", "status/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.session().status().problem.empty());
  CHECK(ours.session().status().subscribed);
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
  CHECK(ours.metrics().value("telltale_mqtt_received_bytes_total") > 60);
  const std::string name = "127.0.0.1:" + std::to_string(broker.port());
  CHECK(ours.metrics().gauge("telltale_mqtt_connected", "", {{"broker", name}}).value() == 1);
  CHECK(ours.metrics().gauge("telltale_mqtt_caught_up", "", {{"broker", name}}).value() == 1);
}

TEST_CASE("what was not acknowledged is delivered again with DUP", "[broker][lesson-01]") {
  Mosquitto broker;
  const auto options = quick_options(broker.port(), {"telemetry/#"});
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

TEST_CASE("what comes while we are away is delivered, in order, before caught up", "[broker][lesson-11]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.receive_maximum = 50;
  {
    RecordedSession first(options);
    REQUIRE(eventually([&] { return first.caught_up(); }));
  }
  RawClient device(broker.port());
  device.publish_many("telemetry/s/d", "m", 2000);

  RecordedSession second(options);
  REQUIRE(eventually([&] { return second.caught_up(); }));
  CHECK(second.payloads() == numbered("m", 0, 2000));
  CHECK(second.story().back() == "caught up 1");
}

TEST_CASE("an orderly stop keeps the session and its subscriptions", "[broker][lesson-10]") {
  Mosquitto broker;
  const auto options = quick_options(broker.port(), {"telemetry/#"});
  RawClient device(broker.port());
  {
    RecordedSession first(options);
    REQUIRE(eventually([&] { return first.caught_up(); }));
    first.stop();
    CHECK(first.story().back() == "disconnected 1: stopped");
  }
  device.publish("telemetry/s/d", "while away");
  RecordedSession second(options);
  CHECK(eventually([&] { return second.payloads() == std::vector<std::string>{"while away"}; }));
}

TEST_CASE("with the window full no more is read, and it goes on when there is room", "[broker]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.receive_maximum = 10;
  RecordedSession ours(options, Acknowledging::by_hand);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  device.publish_many("telemetry/s/d", "m", 100);
  REQUIRE(eventually([&] { return ours.message_count() >= 10; }));
  CHECK(ours.metrics().gauge("telltale_queue_depth", "", {{"queue", "unacknowledged"}}).value() >= 10);
  CHECK(ours.metrics().gauge("telltale_queue_capacity", "", {{"queue", "unacknowledged"}}).value() == 10);
  for (std::size_t acknowledged = 0; acknowledged < 100;) {
    const std::size_t here = ours.message_count();
    ours.session().acknowledge(1, here - acknowledged);
    acknowledged = here;
    if (here < 100) REQUIRE(eventually([&] { return ours.message_count() > here; }));
  }
  CHECK(ours.payloads() == numbered("m", 0, 100));
  CHECK(eventually([&] {
    return ours.metrics().gauge("telltale_queue_depth", "", {{"queue", "unacknowledged"}}).value() == 0;
  }));
}

TEST_CASE("bytes close the window too", "[broker]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.max_unacknowledged_bytes = 10'000;
  RecordedSession ours(options, Acknowledging::by_hand);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  const std::string big(20'000, 'x');
  device.publish("telemetry/s/d", big);
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  device.publish("telemetry/s/d", "next");
  CHECK_FALSE(eventually([&] { return ours.message_count() > 1; }, 100ms));
  ours.session().acknowledge(1, 1);
  CHECK(eventually([&] { return ours.message_count() == 2; }));
}

TEST_CASE("overlapping filters give one copy each, named by its filter", "[broker][lesson-19]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/+/d1", "telemetry/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  device.publish("telemetry/s/d1", "both");
  device.publish("telemetry/s/d2", "second only");
  REQUIRE(eventually([&] { return ours.message_count() == 3; }));
  auto got = ours.messages();
  std::sort(got.begin(), got.begin() + 2, [](const auto& a, const auto& b) { return a.filter < b.filter; });
  CHECK(got[0].filter == 0);
  CHECK(got[0].payload == "both");
  CHECK(got[1].filter == 1);
  CHECK(got[1].payload == "both");
  CHECK(got[2].filter == 1);
}

TEST_CASE("RETAIN means a copy sent at subscribe, not a live birth", "[broker][lesson-12]") {
  Mosquitto broker;
  RawClient device(broker.port());
  device.publish("status/s/d1", "old", 1, true);
  const auto options = quick_options(broker.port(), {"status/#"});
  {
    RecordedSession ours(options);
    REQUIRE(eventually([&] { return ours.message_count() == 1; }));
    CHECK(ours.messages()[0].retain);
    device.publish("status/s/d1", "online", 1, true);
    REQUIRE(eventually([&] { return ours.message_count() == 2; }));
    CHECK_FALSE(ours.messages()[1].retain);
  }
  RecordedSession again(options);  // the session is kept: retained copies do not come a second time
  REQUIRE(eventually([&] { return again.caught_up(); }));
  CHECK(again.message_count() == 0);
}

TEST_CASE("of a frame over the limit the first KB is handed on, in its place", "[broker]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.max_frame_bytes = 4096;
  RecordedSession ours(options);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  const std::size_t size = GENERATE(4096u, 100'000u, 3'000'000u);
  CAPTURE(size);
  device.publish("telemetry/s/d", "before");
  device.publish("telemetry/s/d", std::string(size, 'x'));
  device.publish("telemetry/s/d", "after");
  REQUIRE(eventually([&] { return ours.message_count() == 3; }));
  const auto got = ours.messages();
  CHECK(got[0].payload == "before");
  CHECK(got[1].payload == std::string(1024, 'x'));
  CHECK(got[1].original_size == size);
  CHECK(got[1].topic == "telemetry/s/d");
  CHECK(got[1].filter == 0);
  CHECK(got[1].packet_id != 0);
  CHECK(got[2].payload == "after");
  CHECK(got[2].original_size == 5);
}

TEST_CASE("a user's filter over our own topics still sees them", "[broker]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(eventually([&] { return ours.message_count() >= 1; }));
  const auto got = ours.messages();
  CHECK(std::all_of(got.begin(), got.end(), [](const Received& m) { return m.filter == 0; }));
}

TEST_CASE("dropped messages at the broker are counted and said once", "[broker][lesson-31]") {
  auto config = lossless_config();
  std::replace(config.begin(), config.end(), std::string("max_queued_messages 9000000"),
               std::string("max_queued_messages 5"));
  Mosquitto broker({.config = config});
  const auto options = quick_options(broker.port(), {"telemetry/#"});
  {
    RecordedSession first(options);
    REQUIRE(eventually([&] { return first.caught_up(); }));
  }
  RawClient device(broker.port());
  device.publish_many("telemetry/s/d", "m", 50);
  RecordedSession ours(options);
  CHECK(eventually([&] { return ours.metrics().value("telltale_queue_dropped_total{queue=\"broker\"}") >= 40; }));
  CHECK(ours.log().count_containing("has dropped") == 1);
}
