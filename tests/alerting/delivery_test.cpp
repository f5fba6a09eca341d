#include "alerting/delivery.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "alerting/outbox.hpp"
#include "alerting/output_class.hpp"
#include "alerting/retained_compare.hpp"
#include "tests/alerting/delivery_bench.hpp"
#include "tests/support/full_disk.hpp"

using namespace telltale;
using test::DeliveryBench;
using Payloads = std::vector<std::string>;

TEST_CASE("events go out in order, no more than the window at a time", "[alerting]") {
  DeliveryBench bench(3);
  bench.queue_events({"1", "2", "3", "4", "5"});
  bench.publisher.connect();
  bench.run();
  CHECK(bench.publisher.under_way().size() == 3);
  bench.publisher.acknowledge(1);
  bench.run();
  CHECK(bench.publisher.under_way().size() == 3);
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"1", "2", "3", "4", "5"});
  CHECK(bench.state->queued(0, 10).empty());
  CHECK(bench.delivery->empty());
}

TEST_CASE("nothing is sent before there is a connection", "[alerting]") {
  DeliveryBench bench(3);
  bench.queue_events({"1"});
  bench.run();
  CHECK(bench.publisher.under_way().empty());
  bench.publisher.connect();
  bench.run();
  CHECK(bench.publisher.under_way().size() == 1);
}

TEST_CASE("events without acknowledgement go out again after a reconnect, in order, byte for byte",
          "[alerting][lesson-23]") {
  DeliveryBench bench(10);
  bench.queue_events({"1", "2", "3", "4"});
  bench.publisher.connect();
  bench.run();
  bench.publisher.acknowledge(1);
  bench.publisher.disconnect(1);  // "2" reached the broker, its acknowledgement is lost
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.log.count_containing("refuses") == 0);
  CHECK(bench.wire("alerts/") == Payloads{"1", "2", "2", "3", "4"});
}

TEST_CASE("a lost connection is enough to send again, told of each message or not", "[alerting]") {
  DeliveryBench bench(10);
  bench.queue_events({"1", "2"});
  bench.set_topic("presence/a", "x");
  bench.publisher.connect();
  bench.run();
  bench.publisher.lose_silently();
  bench.mailbox->post(alerting::LinkLost{});
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"1", "2"});
  CHECK(bench.wire("presence/") == Payloads{"x"});
}

TEST_CASE("what was sent and not acknowledged before a restart is sent again", "[alerting][lesson-23]") {
  DeliveryBench bench(10);
  bench.queue_events({"1", "2", "3"});
  bench.publisher.connect();
  bench.run();
  bench.publisher.acknowledge(2);
  bench.run();
  bench.publisher.disconnect(1);
  bench.restart();
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"1", "2", "3", "3"});
}

TEST_CASE("a connection that was lost and made again unnoticed carries nothing before what was lost", "[alerting]") {
  DeliveryBench bench(10);
  bench.queue_events({"1"});
  bench.publisher.connect();
  bench.run();
  bench.queue_events({"2"});
  bench.delivery->queued();
  bench.publisher.disconnect();
  bench.publisher.connect();
  bench.delivery->pump();  // the news is still in the mailbox
  CHECK(bench.publisher.under_way().empty());
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"1", "2"});
}

TEST_CASE("a refused event is tried again after a second, and those behind it follow it", "[alerting]") {
  DeliveryBench bench(10);
  bench.queue_events({"1", "2", "3"});
  bench.publisher.connect();
  bench.run();
  bench.publisher.refuse_oldest();
  bench.publisher.acknowledge(2);
  bench.run();
  CHECK(bench.publisher.under_way().empty());
  bench.clock.advance(Millis{1000});
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"2", "3", "1", "2", "3"});
  CHECK(bench.log.count_containing("refuses") == 1);
}

TEST_CASE("a publisher that takes no more is asked again, and the order stays", "[alerting]") {
  DeliveryBench bench(10);
  bench.publisher.capacity = 2;
  bench.queue_events({"1", "2", "3", "4", "5"});
  bench.publisher.connect();
  bench.run();
  CHECK(bench.publisher.under_way().size() == 2);
  bench.acknowledge_all();
  CHECK(bench.wire("alerts/") == Payloads{"1", "2", "3", "4", "5"});
}

TEST_CASE("of a table topic the newest payload goes out, one at a time", "[alerting]") {
  DeliveryBench bench(10);
  bench.set_topic("presence/a", "1");
  bench.publisher.connect();
  bench.run();
  bench.set_topic("presence/a", "2");
  bench.set_topic("presence/a", "3");
  bench.set_topic("presence/b", "1");
  bench.run();
  CHECK(bench.publisher.under_way().size() == 2);  // a: 1, b: 1
  bench.acknowledge_all();
  CHECK(bench.wire("presence/a") == Payloads{"1", "3"});
  CHECK(bench.publisher.retained().at("presence/a") == "3");
  CHECK(bench.delivery->empty());
}

TEST_CASE("more topics than the window all go out", "[alerting]") {
  DeliveryBench bench(4);
  for (int i = 0; i < 50; ++i) bench.set_topic("presence/" + std::to_string(i), "1");
  bench.publisher.connect();
  bench.run();
  CHECK(bench.publisher.under_way().size() == 4);
  bench.acknowledge_all();
  CHECK(bench.publisher.retained().size() == 50);
}

TEST_CASE("a removed alert state is sent with its expiry and forgotten", "[alerting]") {
  DeliveryBench bench(10);
  bench.state->topic_changed(
      {.topic = "alert-state/s/d/r/m", .payload = "removed", .remove_after_send = true, .expiry_s = 60});
  bench.publisher.connect();
  bench.run();
  REQUIRE(bench.publisher.under_way().size() == 1);
  CHECK(bench.publisher.under_way()[0].message.expiry_s == 60u);
  CHECK(bench.publisher.under_way()[0].message.retain);
  bench.acknowledge_all();
  CHECK(bench.state->all_topics().empty());
}

TEST_CASE("after a connect only what differs from the broker's retained copies goes out again", "[alerting]") {
  DeliveryBench bench(10);
  for (const char* topic : {"presence/same", "presence/other", "presence/gone", "alert-state/s/d/r/m"}) {
    bench.set_topic(topic, "mine");
  }
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  bench.publisher.disconnect();
  auto snapshot = bench.publisher.retained();
  snapshot["presence/other"] = "older";
  snapshot.erase("presence/gone");
  snapshot["presence/foreign"] = "of another service";
  bench.publisher.set_retained(snapshot);
  bench.publisher.clear_wire();

  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("") == Payloads{"mine", "mine"});
  CHECK(bench.publisher.retained().at("presence/other") == "mine");
  CHECK(bench.publisher.retained().at("presence/gone") == "mine");
  CHECK(bench.publisher.retained().at("presence/foreign") == "of another service");
}

TEST_CASE("a retained copy that is older than what this connection sent is no difference", "[alerting]") {
  DeliveryBench bench(10);
  bench.set_topic("presence/a", "1");
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  bench.publisher.disconnect();
  bench.set_topic("presence/a", "2");
  bench.publisher.clear_wire();

  // The copies come while "2" is on its way.
  bench.mailbox->post(alerting::LinkUp{});
  bench.publisher.connect_silently();
  bench.run();
  bench.publisher.acknowledge(1);
  bench.run();
  bench.mailbox->post(alerting::RetainedCopy{"presence/a", "1"});
  bench.mailbox->post(alerting::RetainedComplete{});
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("") == Payloads{"2"});
}

TEST_CASE("an alert that was removed and comes back with a broker's old snapshot is removed again", "[alerting]") {
  DeliveryBench bench(10);
  const std::string topic = "alert-state/site1/d/r/m";
  const auto row = [&](std::uint32_t n, const std::string& payload) {
    return store::StateDb::HistoryRow{
        .id = "a-1", .n = n, .ts_ms = 0, .tenant = {}, .topic = "alerts/x", .payload = payload};
  };
  const std::string firing = R"({"id":"a-1","n":1})", removed = R"({"id":"a-1","n":2})";
  bench.state->apply({.events = {}, .topics = {}, .history = {row(1, firing), row(2, removed)}, .emitted_upto = {}});
  bench.publisher.set_retained({{topic, firing}, {"alert-state/site2/d/r/m", R"({"id":"a-of-another-service"})"}});

  bench.publisher.connect();
  bench.run();
  REQUIRE(bench.publisher.under_way().size() == 1);
  CHECK(bench.publisher.under_way()[0].message.topic == topic);
  CHECK(bench.publisher.under_way()[0].message.payload == removed);
  CHECK(bench.publisher.under_way()[0].message.expiry_s == 60u);
  bench.acknowledge_all();
  CHECK(bench.state->all_topics().empty());
}

/// site1/d, in the first batch.
void remove_device(DeliveryBench& bench, alerting::Outbox& outbox) {
  proto::PresenceChange change;
  change.tenant = "default";
  change.site = "site1";
  change.device = "d";
  change.state = proto::Presence::removed;
  REQUIRE(outbox.add({1, 1}, std::vector<proto::Finding>{change}));
  bench.delivery->queued();
}

TEST_CASE("presence of a removed device that comes back at the broker is removed again, another service's is not",
          "[alerting]") {
  DeliveryBench bench(10);
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  alerting::Outbox outbox(*bench.state, proto::Tenancy::single, log, metrics);
  remove_device(bench, outbox);
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.state->all_topics().empty());  // sent, and forgotten
  const auto removed = bench.wire("presence/site1/d");
  REQUIRE(removed.size() == 1);
  bench.publisher.disconnect();
  bench.publisher.clear_wire();

  bench.publisher.set_retained({{"presence/site1/d", R"({"state":"online"})"}, {"presence/site2/d", "not ours"}});
  bench.publisher.connect();
  bench.run();
  REQUIRE(bench.publisher.under_way().size() == 1);
  CHECK(bench.publisher.under_way()[0].message.expiry_s == 60u);
  bench.acknowledge_all();
  CHECK(bench.wire("") == removed);
  CHECK(bench.publisher.wire()[0].topic == "presence/site1/d");
  CHECK(bench.state->all_topics().empty());
}

TEST_CASE("a configuration goes with its device, and does not come back with an old copy of the broker", "[alerting]") {
  DeliveryBench bench(10);
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  alerting::Outbox outbox(*bench.state, proto::Tenancy::single, log, metrics);
  const std::string topic = "config/site1/d", payload = R"({"version":1})";
  bench.state->put(alerting::config_given_key(topic), "1");
  bench.set_topic(topic, payload);
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  remove_device(bench, outbox);
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("config/") == Payloads{payload, ""});
  CHECK(bench.state->all_topics().empty());

  bench.publisher.disconnect();
  bench.publisher.clear_wire();
  bench.publisher.set_retained({{topic, payload}, {"config/site2/d", "not ours"}});
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  CHECK(bench.wire("config/") == Payloads{""});
}

TEST_CASE("a class is read from topics with and without tenant", "[alerting]") {
  using proto::TopicClass;
  CHECK(alerting::class_of("alert-state/s/d/r/m") == TopicClass::alert_state);
  CHECK(alerting::class_of("acme/alert-state/s/d/r/m") == TopicClass::alert_state);
  CHECK(alerting::class_of("acme/aggregates/1m/s/d/m") == TopicClass::aggregates);
  CHECK(alerting::class_of("control-reply/alert/a-1") == TopicClass::control_reply);
}

TEST_CASE("a retained message that was asked for is stored, sent, replaced and deleted", "[alerting]") {
  DeliveryBench bench(3);
  int stored = 0;
  int overtaken = 0;
  const auto retain = [&](const std::string& payload, std::optional<std::string> instead_of = {}) {
    bench.mailbox->post(alerting::Retain{
        {.topic = "config/site1/d", .payload = payload, .instead_of = instead_of},
        [&](proto::ConfigOutcome outcome) { ++(outcome == proto::ConfigOutcome::stored ? stored : overtaken); }});
    bench.run();
  };
  retain("{0}", "{none}");
  CHECK(overtaken == 1);
  retain("{1}");
  CHECK(stored == 1);  // before there is a connection
  bench.restart();
  bench.publisher.connect();
  bench.run();
  bench.acknowledge_all();
  retain("{2}", "{1}");
  bench.acknowledge_all();
  retain("{3}", "{1}");
  CHECK(overtaken == 2);
  retain("", "{2}");
  bench.acknowledge_all();
  CHECK(bench.wire("config/") == Payloads{"{1}", "{2}", ""});
  CHECK_FALSE(bench.state->topic("config/site1/d"));
  CHECK(stored == 3);
}

TEST_CASE("a fact is what it is when it is written, and who noted one that is lost hears of it", "[alerting]") {
  DeliveryBench bench(3);
  std::string value = "6";
  int lost = 0;
  const auto note = [&] {
    for (const auto* key : {"config.reported.x", "config.reported.y"})
      bench.mailbox->post(alerting::NoteFact{key, [&] { return value; }, [&] { ++lost; }});
  };
  note();
  value = "7";
  bench.run();
  CHECK(bench.state->get("config.reported.x") == "7");
  CHECK(bench.state->get("config.reported.y") == "7");
  note();
  value = "8";
  {
    const test::FullDisk full;
    bench.run();
    note();
    bench.run();
  }
  CHECK(lost == 4);
  CHECK(bench.log.count_containing("facts cannot be stored") == 1);
  CHECK(bench.state->get("config.reported.x") == "7");
  note();
  bench.run();
  CHECK(bench.state->get("config.reported.y") == "8");
  CHECK(lost == 4);
}
