#include "broker/paho_publisher.hpp"
#include "broker/reachability.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// A publisher that keeps what its handlers were told.
class RecordedPublisher {
 public:
  explicit RecordedPublisher(broker::PublisherOptions options, std::vector<std::string> retained_filters = {})
      : publisher(std::move(options), clock_, log, metrics) {
    publisher.set_handlers({.connected = [this] { note("connected"); },
                            .disconnected = [this] { note("disconnected"); },
                            .delivered = [this](std::uint64_t t) { note("delivered " + std::to_string(t)); },
                            .failed = [this](std::uint64_t t) { note("failed " + std::to_string(t)); },
                            .retained = [this](const std::string& t, const std::string& p) { note(t + " = " + p); },
                            .retained_complete = [this] { note("retained complete"); }});
    publisher.watch_retained(std::move(retained_filters));
    publisher.start();
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }
  [[nodiscard]] std::size_t count(const std::string& what) const {
    const auto all = notes();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), what));
  }

 private:
  void note(std::string text) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(text));
  }
  RealClock clock_;
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;

 public:
  RecordingLogger log;
  PlainMetrics metrics;
  broker::PahoPublisher publisher;
};

broker::PublisherOptions quick_publisher(std::uint16_t port) {
  broker::PublisherOptions options;
  options.port = port;
  options.nonce = "ours";
  options.version = "1.2.3";
  options.backoff_min = Millis{20};
  options.backoff_max = Millis{100};
  return options;
}

proto::Outgoing alert() {
  return {.topic = "alerts/x", .payload = "b", .qos = 1, .retain = false, .expiry_s = std::nullopt};
}

}  // namespace

TEST_CASE("what is sent arrives and is told as delivered, QoS 0 and QoS 1", "[broker]") {
  Mosquitto broker;
  RecordedSession watcher(quick_options(broker.port(), {"alerts/#", "aggregates/#"}));
  REQUIRE(eventually([&] { return watcher.caught_up(); }));
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  CHECK(ours.notes() == std::vector<std::string>{"connected", "retained complete"});

  CHECK(ours.publisher.send(
      {.topic = "alerts/info/s/d/r/m", .payload = "{}", .qos = 1, .retain = false, .expiry_s = 300}, 7));
  CHECK(ours.publisher.send(
      {.topic = "aggregates/1m/s/d/m", .payload = "{1}", .qos = 0, .retain = false, .expiry_s = std::nullopt}, 8));
  REQUIRE(eventually([&] { return watcher.message_count() == 2; }));
  CHECK(eventually([&] { return ours.count("delivered 7") == 1 && ours.count("delivered 8") == 1; }));
  CHECK(ours.metrics.value("telltale_mqtt_messages_published_total{class=\"alerts\",result=\"ok\"}") == 1);
  CHECK(ours.metrics.value("telltale_mqtt_messages_published_total{class=\"aggregates\",result=\"ok\"}") == 1);
}

TEST_CASE("a single message is told to its sender only, delivered or not", "[broker]") {
  Mosquitto broker;
  RecordedSession watcher(quick_options(broker.port(), {"cmd/#"}));
  REQUIRE(eventually([&] { return watcher.caught_up(); }));
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  std::atomic<int> delivered = 0;
  std::atomic<int> failed = 0;
  const auto done = [&](bool ok) { ++(ok ? delivered : failed); };
  const proto::Outgoing command{.topic = "cmd/s/d/on", .payload = "{}", .qos = 1, .retain = false, .expiry_s = 30};
  CHECK(ours.publisher.publish(command, done));
  REQUIRE(eventually([&] { return delivered == 1 && watcher.message_count() == 1; }));
  CHECK(ours.notes() == std::vector<std::string>{"connected", "retained complete"});
  CHECK(ours.metrics.value("telltale_mqtt_messages_published_total{class=\"cmd\",result=\"ok\"}") == 1);
  ours.publisher.stop();
  CHECK_FALSE(ours.publisher.publish(command, done));
  CHECK(failed == 0);
}

TEST_CASE("the service status is retained: online with our nonce, offline after an orderly stop", "[broker]") {
  Mosquitto broker;
  {
    RecordedPublisher ours(quick_publisher(broker.port()));
    REQUIRE(eventually([&] { return ours.publisher.connected(); }));
    RecordedSession watcher(quick_options(broker.port(), {"service/#"}));
    REQUIRE(eventually([&] { return watcher.count_in_story("message {\"state\":\"online\"") == 1; }));
    const auto messages = watcher.messages();
    const auto status = std::ranges::find(messages, "service/telltale/status", &Received::topic);
    REQUIRE(status != messages.end());
    CHECK(status->payload.find(R"("version":"1.2.3")") != std::string::npos);
    CHECK(status->payload.find(R"("nonce":"ours")") != std::string::npos);
    ours.publisher.stop();
    CHECK(eventually([&] { return watcher.count_in_story("message {\"state\":\"offline\"") == 1; }));
  }
}

TEST_CASE("a silent farewell leaves the status as it is", "[broker][lesson-06]") {
  Mosquitto broker;
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.publisher.connected(); }));
  ours.publisher.stop(broker::PahoPublisher::Farewell::silent);
  RecordedSession watcher(quick_options(broker.port(), {"service/telltale/+"}));
  REQUIRE(eventually([&] { return watcher.caught_up(); }));
  CHECK(watcher.count_in_story("message {\"state\":\"online\"") == 1);
  CHECK(watcher.count_in_story("message {\"state\":\"offline\"") == 0);
}

TEST_CASE("a stop whose time is over waits for nobody and tells what did not arrive", "[broker]") {
  Mosquitto broker;
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  broker.suspend();
  REQUIRE(ours.publisher.send(alert(), 7));
  ours.publisher.stop(broker::PahoPublisher::Farewell::offline, std::chrono::steady_clock::now());
  CHECK(ours.count("failed 7") == 1);
  CHECK(ours.count("delivered 7") == 0);
  broker.resume();
}

TEST_CASE("the will says offline when the process is cut off", "[broker]") {
  Mosquitto broker;
  RecordedSession watcher(quick_options(broker.port(), {"service/telltale/status"}));
  REQUIRE(eventually([&] { return watcher.caught_up(); }));
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return watcher.count_in_story("message {\"state\":\"online\"") == 1; }));
  RawClient impostor(broker.port(), "telltale-pub");  // the broker closes our connection and sends our will
  CHECK(eventually([&] { return watcher.count_in_story("message {\"state\":\"offline\"") == 1; }));
}

TEST_CASE("retained copies of the watched filters are read after every connect", "[broker]") {
  Mosquitto broker;
  RawClient other(broker.port());
  other.publish("presence/s/d1", "P1", 1, true);
  other.publish("presence/s/d2", "P2", 1, true);
  other.publish("alert-state/s/d1/r/m", "A1", 1, true);
  other.publish("elsewhere/s", "X", 1, true);
  RecordedPublisher ours(quick_publisher(broker.port()), {"presence/+/+", "alert-state/#"});
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  CHECK(ours.count("presence/s/d1 = P1") == 1);
  CHECK(ours.count("presence/s/d2 = P2") == 1);
  CHECK(ours.count("alert-state/s/d1/r/m = A1") == 1);
  CHECK(ours.notes().size() == 5);
  CHECK(ours.notes().back() == "retained complete");

  broker.terminate();
  REQUIRE(eventually([&] { return ours.count("disconnected") == 1; }));
  broker.start();
  REQUIRE(eventually([&] { return ours.count("retained complete") == 2; }));
  CHECK(ours.count("presence/s/d1 = P1") == 2);
}

TEST_CASE("a publisher whose broker is absent keeps trying and refuses to send meanwhile", "[broker][lesson-09]") {
  Mosquitto broker({.start = false});
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.log.count_containing("cannot connect") == 1; }));
  CHECK(ours.log.count_containing("Connection refused") == 1);
  CHECK_FALSE(ours.publisher.send(alert(), 1));
  broker.start();
  REQUIRE(eventually([&] { return ours.publisher.connected(); }));
  CHECK(ours.log.count_containing("cannot connect") == 1);  // once, however many tries
}

TEST_CASE("why there is no connection is said in plain words", "[broker]") {
  Mosquitto absent({.start = false});
  CHECK(broker::why_unreachable("127.0.0.1", absent.port(), false) == "Connection refused");
  CHECK_THAT(broker::why_unreachable("no-such-host.invalid", 1883, false),
             Catch::StartsWith("the name cannot be resolved: "));
  Mosquitto present;
  CHECK_THAT(broker::why_unreachable("127.0.0.1", present.port(), false), Catch::StartsWith("TCP connects"));
}

TEST_CASE("a message under way when the broker dies is told as failed, once", "[broker][lesson-10]") {
  Mosquitto broker;
  RecordedPublisher ours(quick_publisher(broker.port()));
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  broker.suspend();
  REQUIRE(ours.publisher.send(alert(), 1));
  broker.kill();
  REQUIRE(eventually([&] { return ours.count("failed 1") == 1; }));
  broker.start();
  REQUIRE(eventually([&] { return ours.count("retained complete") == 2; }));
  CHECK(ours.publisher.send(alert(), 1));
  REQUIRE(eventually([&] { return ours.count("delivered 1") == 1; }));
  CHECK(ours.count("failed 1") == 1);
}

TEST_CASE("what is under way is bounded", "[broker]") {
  Mosquitto broker;
  auto options = quick_publisher(broker.port());
  options.max_in_flight = 5;
  RecordedPublisher ours(options);
  REQUIRE(eventually([&] { return ours.count("retained complete") == 1; }));
  broker.suspend();
  std::size_t taken = 0;
  for (std::uint64_t i = 1; i <= 20; ++i) taken += ours.publisher.send(alert(), i);
  CHECK(taken == 5);
  broker.resume();
  CHECK(eventually([&] { return ours.count("delivered 5") == 1; }));
}

TEST_CASE("a publisher that the broker refuses says so in the broker's words", "[broker]") {
  Mosquitto broker({.config = {"listener {port} 127.0.0.1", "user root", "allow_anonymous false",
                               "password_file {dir}/passwd", "log_dest stderr"},
                    .start = false});
  ChildProcess passwords(
      {.arguments = {"mosquitto_passwd", "-b", "-c", (broker.directory() / "passwd").string(), "telltale", "secret"}});
  REQUIRE(passwords.wait(std::chrono::seconds{30}) == 0);
  broker.start();
  auto options = quick_publisher(broker.port());
  options.username = "telltale";
  options.password = "wrong";
  RecordedPublisher ours(options);
  REQUIRE(eventually([&] { return ours.log.count_containing("cannot connect") == 1; }));
  CHECK(ours.log.count_containing(": not authorized (0x87)") == 1);
}
