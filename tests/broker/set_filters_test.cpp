#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {
using Filters = std::vector<std::string>;

bool arrives(RecordedSession& ours, Mosquitto& broker, const std::string& topic, const std::string& payload) {
  const auto before = ours.message_count();
  RawClient device(broker.port());
  device.publish(topic, payload);
  device.publish("fence/x", "fence " + payload);
  REQUIRE(eventually([&] { return ours.payloads().back() == "fence " + payload; }));
  return ours.message_count() == before + 2;
}
}  // namespace

TEST_CASE("other filters take effect on the running connection and after every CONNACK", "[broker][lesson-05]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"a/#", "fence/#"}));
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  RawClient(broker.port()).publish("fence/x", "first");
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  CHECK(arrives(ours, broker, "a/x", "1"));
  CHECK_FALSE(arrives(ours, broker, "b/x", "2"));

  ours.session().set_filters({"b/#", "fence/#"});
  REQUIRE(eventually([&] { return ours.granted() == Filters{"fence/#", "b/#"}; }));
  CHECK(arrives(ours, broker, "b/x", "3"));
  CHECK(ours.messages()[ours.message_count() - 2].filter == 1);
  CHECK_FALSE(arrives(ours, broker, "a/x", "4"));
  CHECK(ours.count_in_story("connected") == 1);
  CHECK(ours.count_in_story("caught up") == 1);
  CHECK(ours.session().status().subscribed);

  broker.kill();
  broker.delete_snapshot();
  REQUIRE(eventually([&] { return !ours.session().status().connected; }));
  ours.session().set_filters({"c/#", "b/#", "fence/#"});  // while there is nobody to ask
  broker.start();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.granted() == Filters{"fence/#", "b/#", "c/#"});
  CHECK(arrives(ours, broker, "c/x", "5"));
  CHECK(arrives(ours, broker, "b/x", "6"));
  CHECK_FALSE(arrives(ours, broker, "a/x", "7"));
}

TEST_CASE("of filters that change again and again the last ones are in force", "[broker]") {
  Mosquitto broker;
  RecordedSession ours(quick_options(broker.port(), {"fence/#"}));
  for (int i = 0; i < 20; ++i) {
    ours.session().set_filters({"fence/#", "n" + std::to_string(i) + "/#", i % 2 ? "odd/#" : "even/#"});
  }
  // How many of the changes were put in force on the way, and so the rank of the last ones, is a matter of timing.
  REQUIRE(eventually([&] {
    auto granted = ours.granted();
    std::sort(granted.begin(), granted.end());
    return granted == Filters{"fence/#", "n19/#", "odd/#"};
  }));
  RawClient(broker.port()).publish("fence/x", "first");
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  CHECK(arrives(ours, broker, "n19/x", "1"));
  CHECK(arrives(ours, broker, "odd/x", "2"));
  CHECK_FALSE(arrives(ours, broker, "even/x", "3"));
  CHECK_FALSE(arrives(ours, broker, "n18/x", "4"));
}
