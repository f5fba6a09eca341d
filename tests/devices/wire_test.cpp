#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

#include "devices/cables.hpp"
#include "devices/fleet.hpp"
#include "devices/paho_wire.hpp"
#include "devices/replay.hpp"
#include "proto/config_error.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;
using telltale::test::ChildProcess;
using telltale::test::eventually;

class RealClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::now();
  }
};

/// A real broker and what mosquitto_sub sees of it, one "topic payload" a line.
struct Scene {
  telltale::test::TemporaryFolder folder;
  telltale::test::Mosquitto broker;
  std::filesystem::path seen = folder.path() / "seen.txt";
  ChildProcess subscriber{
      {.arguments = {"mosquitto_sub", "-p", std::to_string(broker.port()), "-q", "1", "-v", "-t", "#"},
       .stdout_file = seen}};
  RealClock clock;
  telltale::test::RecordingLogger log;

  Scene() {
    // A retained message shows that the subscription stands.
    const auto publish = [&] {
      ChildProcess publisher{
          {.arguments = {"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "ready", "-m", "x"}}};
      return publisher.wait(5s) == 0 && count("ready x") > 0;
    };
    REQUIRE(eventually(publish));
  }
  [[nodiscard]] std::size_t count(const std::string& part) const {
    std::ifstream file(seen);
    std::size_t found = 0;
    for (std::string line; std::getline(file, line);) found += line.find(part) != std::string::npos ? 1U : 0U;
    return found;
  }
  [[nodiscard]] BrokerUrl url() const { return {"127.0.0.1", broker.port(), false}; }
};

bool happens(PahoWire& wire, WireEvent::Kind kind) {
  return eventually([&] {
    for (const auto& event : wire.take_events()) {
      if (event.kind == kind) return true;
    }
    return false;
  });
}

void run_fleet_in_vain(std::uint16_t port, proto::Logger& log) {
  RealClock clock;
  FleetOptions options;
  options.broker = {"127.0.0.1", port, false};
  options.devices = 3;
  options.duration = 2s;
  CHECK(run_fleet(options, clock, log, {}).connects == 0);
}

}  // namespace

TEST_CASE("a cut cable makes the broker send the will, a clean close does not", "[devices]") {
  Scene scene;
  Cables cables("localhost", scene.broker.port());
  PahoWire wire({scene.url(), {}, "dev-1", 15, &cables});
  const Message will{"status/hall/dev-1", "gone", 1, true};

  wire.open(will);
  REQUIRE(happens(wire, WireEvent::Kind::opened));
  REQUIRE(wire.send({"t", "1", 1, false}, 7));
  CHECK(happens(wire, WireEvent::Kind::delivered));
  wire.close();
  CHECK(eventually([&] { return wire.idle(); }));
  CHECK_FALSE(wire.send({"t", "2", 1, false}, 8));
  wire.open(will);
  REQUIRE(happens(wire, WireEvent::Kind::opened));
  REQUIRE(wire.send({"t", "3", 1, false}, 9));
  CHECK(eventually([&] { return scene.count("t 3") == 1; }));
  CHECK(scene.count("status/hall/dev-1 gone") == 0);

  wire.cut();
  CHECK(happens(wire, WireEvent::Kind::lost));
  CHECK(eventually([&] { return scene.count("status/hall/dev-1 gone") == 1; }));

  wire.open(will);  // the cable can be used again
  CHECK(happens(wire, WireEvent::Kind::opened));
  wire.close();
  CHECK(eventually([&] { return wire.idle(); }));
}

TEST_CASE("a wire without a broker is lost, and opens when the broker is back", "[devices]") {
  Scene scene;
  PahoWire wire({scene.url(), {}, "dev-1", 15, nullptr});
  scene.broker.kill();
  wire.open({"status/hall/dev-1", "gone", 1, true});
  CHECK(happens(wire, WireEvent::Kind::lost));
  scene.broker.start();
  wire.open({"status/hall/dev-1", "gone", 1, true});
  CHECK(happens(wire, WireEvent::Kind::opened));
}

TEST_CASE("a fleet that the broker refuses says why, once", "[devices]") {
  telltale::test::Mosquitto broker(
      {.config = {"listener {port} 127.0.0.1", "allow_anonymous false", "log_dest stderr"}});
  telltale::test::RecordingLogger said;
  run_fleet_in_vain(broker.port(), said);
  CHECK(said.count_containing("cannot connect to 127.0.0.1:" + std::to_string(broker.port()) + ": not authorized") ==
        1);
}

TEST_CASE("a fleet without a broker says so, once", "[devices]") {
  telltale::test::Mosquitto broker;
  broker.kill();
  telltale::test::RecordingLogger said;
  run_fleet_in_vain(broker.port(), said);
  CHECK(said.count_containing(": the broker cannot be reached") == 1);
}

TEST_CASE("a fleet with every fault runs, and ends without a will", "[devices]") {
  Scene scene;
  FleetOptions options;
  options.broker = scene.url();
  options.devices = 20;
  options.period = 100ms;
  options.heartbeat = 1s;
  options.duration = 3s;
  for (std::size_t k = 0; k < fault_count; ++k) options.faults.push_back(static_cast<FaultKind>(k));
  const auto tally = run_fleet(options, scene.clock, scene.log, {});
  CHECK(tally.connects >= options.devices);
  CHECK(tally.messages >= 20 * 20);
  CHECK(tally.delivered <= tally.messages);
  const auto sleeping = [&] { return scene.count("\"state\":\"sleeping\"") >= options.devices; };
  CHECK(eventually(sleeping));
  CHECK(scene.count("telemetry/sim/sim-019 ") > 0);
}

TEST_CASE("a fleet refuses options that cannot be", "[devices]") {
  RealClock clock;
  telltale::test::RecordingLogger log;
  FleetOptions options;
  options.devices = 0;
  CHECK_THROWS_AS(run_fleet(options, clock, log, {}), proto::ConfigError);
  options.devices = 3;
  options.scenario = Scenario::demo;
  options.faults = {FaultKind::spike};
  CHECK_THROWS_AS(run_fleet(options, clock, log, {}), proto::ConfigError);
  options.faults.clear();
  options.broker.tls = true;  // sim-002 drops, which needs a cable
  CHECK_THROWS_AS(run_fleet(options, clock, log, {}), proto::ConfigError);
}

TEST_CASE("every row of a replayed file arrives, and the device announces its coming and going", "[devices]") {
  Scene scene;
  ReplayOptions options;
  options.broker = scene.url();
  options.speed = 1e6;
  const auto file = scene.folder.path() / "data" / "motes" / "m1.csv";
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file);
  out << "reading,t,h,label\n";
  for (int i = 1; i <= 1200; ++i) out << i << ',' << i << ",40,0\n";
  out.close();
  options.files = {file.string()};
  const auto tally = run_replay(options, scene.clock, scene.log, {});
  CHECK(tally.rows == 1200);
  CHECK(tally.messages == 2402);
  CHECK(tally.acknowledged == 2402);
  CHECK(eventually([&] { return scene.count("telemetry/motes/m1/") == 2400; }));
  CHECK(scene.count("telemetry/motes/m1/t {\"v\":1200,\"ts\":") == 1);
  CHECK(scene.count("status/motes/m1 {\"state\":\"online\"") == 1);
  CHECK(eventually([&] { return scene.count("status/motes/m1 {\"state\":\"sleeping\"") == 1; }));
}

}  // namespace telltale::devices
