#include <algorithm>
#include <catch2/catch.hpp>

#include "broker/ingest_session.hpp"
#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;
using namespace std::chrono_literals;

TEST_CASE("a broker that is absent at start is waited for", "[broker][lesson-09]") {
  Mosquitto broker({.start = false});
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#"}));
  REQUIRE(eventually([&] { return !ours.session().status().problem.empty(); }));
  CHECK_FALSE(ours.session().status().connected);
  broker.start();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.log().count_containing("cannot connect") == 1);  // however many tries
  CHECK(ours.session().status().problem.empty());
}

TEST_CASE("after a broker restart messages flow again", "[broker][lesson-07]") {
  enum class Restart { with_snapshot, without_snapshot };
  const auto restart = GENERATE(Restart::with_snapshot, Restart::without_snapshot);
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  for (std::uint32_t round = 2; round <= 4; ++round) {
    if (restart == Restart::with_snapshot) {
      broker.terminate();
    } else {
      broker.kill();
      broker.delete_snapshot();
    }
    REQUIRE(eventually([&] { return !ours.session().status().connected; }));
    broker.start();
    REQUIRE(eventually([&] { return ours.caught_up(); }));
    const std::string text = "round " + std::to_string(round);
    RawClient(broker.port()).publish("telemetry/s/d", text);
    // At least once: a broker that ends before it has read our PUBACK has the message in its snapshot and repeats it.
    REQUIRE(eventually([&] {
      const auto all = ours.payloads();
      return std::find(all.begin(), all.end(), text) != all.end();
    }));
    const std::string kept = restart == Restart::with_snapshot ? " kept" : " new";
    CHECK(ours.count_in_story("connected " + std::to_string(round) + kept) == 1);
    CHECK(ours.count_in_story("caught up " + std::to_string(round)) == 1);
  }
  CHECK(ours.metrics().value("telltale_mqtt_reconnects_total") == 3);
}

TEST_CASE("a session restored from a snapshot gets the filters that are newer than it", "[broker][lesson-05]") {
  Mosquitto broker;
  {
    RecordedSession old(quick_options(broker.port(), {"telemetry/#"}));
    REQUIRE(eventually([&] { return old.caught_up(); }));
  }
  broker.save_snapshot();
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#", "status/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  broker.kill();
  REQUIRE(eventually([&] { return !ours.session().status().connected; }));
  broker.start();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.count_in_story("connected 2 kept") == 1);
  RawClient(broker.port()).publish("status/s/d", "online");
  CHECK(eventually([&] { return ours.message_count() == 1; }));
}

TEST_CASE("a filter that is no longer configured is unsubscribed", "[broker][lesson-05]") {
  Mosquitto broker;
  {
    RecordedSession old(quick_options(broker.port(), {"a/#", "b/#"}));
    REQUIRE(eventually([&] { return old.caught_up(); }));
  }
  auto options = quick_options(broker.port(), {"b/#"});
  options.previous_filters = {"a/#", "b/#"};
  RecordedSession ours(options);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  device.publish("a/x", "unwanted");
  device.publish("b/x", "wanted");
  REQUIRE(eventually([&] { return ours.message_count() > 0; }));
  CHECK(ours.payloads() == std::vector<std::string>{"wanted"});
  CHECK(ours.messages()[0].filter == 0);
  CHECK(ours.granted() == std::vector<std::string>{"b/#"});
}

TEST_CASE("messages queued under an older configuration name the right filter", "[broker][lesson-05]") {
  Mosquitto broker;
  {
    RecordedSession old(quick_options(broker.port(), {"a/#", "b/#"}));
    REQUIRE(eventually([&] { return old.caught_up(); }));
  }
  RawClient(broker.port()).publish("b/x", "queued");
  RecordedSession ours(quick_options(broker.port(), {"c/#", "d/#", "b/#"}));
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  CHECK(ours.messages()[0].filter == 2);
}

TEST_CASE("a broker that stalls past the keepalive is given up and tried again", "[broker][lesson-07]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.keepalive_s = 1;
  RecordedSession ours(options);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  broker.suspend();
  REQUIRE(eventually([&] { return ours.count_in_story("disconnected 1: nothing heard") == 1; }));
  CHECK_FALSE(ours.session().status().taken_over);
  broker.resume();
  REQUIRE(eventually([&] { return ours.caught_up(); }, 30s));
  RawClient(broker.port()).publish("telemetry/s/d", "again");
  CHECK(eventually([&] { return ours.message_count() == 1; }));
}

TEST_CASE("a quiet connection lives on by pings", "[broker]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.keepalive_s = 1;
  RecordedSession ours(options);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK_FALSE(eventually([&] { return ours.count_in_story("disconnected") > 0; }, 2500ms));
}

TEST_CASE("a window that stays full does not end the connection", "[broker]") {
  Mosquitto broker;
  auto options = quick_options(broker.port(), {"telemetry/#"});
  options.keepalive_s = 1;
  options.receive_maximum = 5;
  RecordedSession ours(options, Acknowledging::by_hand);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient(broker.port()).publish_many("telemetry/s/d", "m", 20);
  CHECK_FALSE(eventually([&] { return ours.count_in_story("disconnected") > 0; }, 2500ms));
  CHECK(ours.message_count() >= 5);
}

TEST_CASE("a second instance with our client id and another nonce has taken over: said once, no fight",
          "[broker][lesson-06]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  // As another Telltale does it: its publisher says online, its session takes our client id.
  RawClient publisher(broker.port(), "other-pub");
  publisher.publish(
      "service/telltale/status",
      R"({"state":"online","version":"1","ts":)" + std::to_string(to_ms(RealClock().now())) + R"(,"nonce":"theirs"})",
      1, true);
  auto other_options = quick_options(broker.port(), {"telemetry/#"});
  other_options.nonce = "theirs";
  RecordedSession theirs(other_options);
  REQUIRE(eventually([&] { return ours.session().status().taken_over; }));
  REQUIRE(eventually([&] { return theirs.caught_up(); }));
  CHECK_FALSE(theirs.session().status().taken_over);
  CHECK(ours.log().count_containing("taken over") == 1);
  const auto connects = theirs.count_in_story("connected");
  CHECK_FALSE(eventually([&] { return theirs.count_in_story("connected") > connects; }, 300ms));
}

TEST_CASE("a closed connection without a foreign instance is no takeover", "[broker][lesson-06]") {
  Mosquitto broker;
  RawClient(broker.port())
      .publish("service/telltale/status", R"({"state":"online","version":"1","ts":1,"nonce":"of an earlier run"})", 1,
               true);
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient impostor(broker.port(), "telltale");
  REQUIRE(eventually([&] { return ours.count_in_story("caught up 2") == 1; }));
  CHECK_FALSE(ours.session().status().taken_over);
}

TEST_CASE("an acknowledgement of an old connection is dropped", "[broker]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"telemetry/#"}), Acknowledging::by_hand);
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient device(broker.port());
  device.publish_many("telemetry/s/d", "m", 3);
  REQUIRE(eventually([&] { return ours.message_count() == 3; }));
  broker.terminate();
  REQUIRE(eventually([&] { return !ours.session().status().connected; }));
  broker.start();
  REQUIRE(eventually([&] { return ours.message_count() == 6; }));
  ours.session().acknowledge(1, 3);
  ours.session().acknowledge(2, 1);
  ours.stop();
  RecordedSession next(quick_options(broker.port(), {"telemetry/#"}));
  REQUIRE(eventually([&] { return next.caught_up(); }));
  CHECK(next.payloads() == numbered("m", 1, 3));
}
