#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "devices/device.hpp"
#include "proto/decoder.hpp"
#include "tests/devices/fake_wire.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;
using test::FakeWire;

/// One device, one wire, simulated time.
struct Bench {
  telltale::test::SimulatedClock clock;
  FakeWire wire;
  Device device;

  explicit Bench(FaultPlan plan = {}, DeviceProfile profile = a_device())
      : device(std::move(profile), std::move(plan), wire, clock, clock.steady_now()) {}

  static DeviceProfile a_device() {
    DeviceProfile profile;
    profile.site = "hall";
    profile.name = "dev-1";
    profile.period = 1s;
    profile.heartbeat = 10s;
    profile.seed = 5;
    return profile;
  }
  void run(Millis time) {
    for (Millis passed{0}; passed < time; passed += 100ms) {
      device.step();
      clock.advance(100ms);
    }
    device.step();
  }
  [[nodiscard]] std::vector<std::string> telemetry() const { return wire.payloads("telemetry/hall/dev-1"); }
  [[nodiscard]] std::vector<std::string> status() const { return wire.payloads("status/hall/dev-1"); }
};

/// The metric's values in the order of sending; fails the test when a payload is refused.
std::vector<double> values_of(const std::vector<std::string>& payloads, std::string_view metric,
                              std::vector<std::int64_t>* times_ms = nullptr) {
  proto::Decoder decoder({});
  std::vector<double> values;
  for (std::string payload : payloads) {
    CAPTURE(payload);
    payload += '\0';
    proto::Decoded decoded;
    const auto result =
        decoder.decode("telemetry/hall/dev-1", payload.data(), payload.size() - 1, from_ms(1'763'700'000'000), decoded);
    REQUIRE(result.has_value());
    for (const auto& sample : decoded.samples) {
      if (sample.metric != metric) continue;
      values.push_back(sample.number);
      if (times_ms && sample.ts) times_ms->push_back(to_ms(*sample.ts));
    }
  }
  return values;
}

FaultPlan plan_of(FaultKind kind, Millis start, Millis length) { return {{{kind, start, length}}, 0ms}; }

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string session_of(const std::string& payload) {
  const auto at = payload.find("\"session\":\"");
  return payload.substr(at + 11, payload.find('"', at + 11) - at - 11);
}

}  // namespace

TEST_CASE("a device says who it is before it says what it measures", "[devices]") {
  Bench bench;
  bench.run(5s);
  REQUIRE(bench.wire.sent.size() >= 6);
  const Message& birth = bench.wire.sent[0];
  CHECK(birth.topic == "status/hall/dev-1");
  CHECK(birth.qos == 1);
  CHECK(birth.retain);
  CHECK(contains(birth.payload, "\"state\":\"online\""));
  CHECK(contains(birth.payload, "\"heartbeat_s\":10"));
  REQUIRE(bench.wire.wills.size() == 1);
  CHECK(bench.wire.wills[0].retain);
  CHECK(session_of(bench.wire.wills[0].payload) == session_of(birth.payload));
  CHECK_FALSE(bench.wire.sent[1].retain);
  CHECK(values_of(bench.telemetry(), "temperature").size() == bench.telemetry().size());
}

TEST_CASE("two devices with one seed say the same, and with another seed something else", "[devices]") {
  auto other = Bench::a_device();
  other.seed = 6;
  Bench a, b, c({}, other);
  a.run(30s);
  b.run(30s);
  c.run(30s);
  CHECK(a.telemetry() == b.telemetry());
  CHECK(a.telemetry() != c.telemetry());
}

TEST_CASE("a device that has little to say still keeps its heartbeat", "[devices]") {
  auto profile = Bench::a_device();
  profile.period = 60s;
  Bench bench({}, profile);
  bench.run(59s);
  CHECK(bench.telemetry().size() == 1);
  CHECK(bench.status().size() == 1 + 5);
}

TEST_CASE("a device tells its units with its first reading and not again", "[devices]") {
  Bench bench;
  bench.run(10s);
  const auto sent = bench.telemetry();
  REQUIRE(sent.size() > 5);
  CHECK(contains(sent.front(), R"("units":{"temperature":"Cel","humidity":"%RH","pressure":"hPa"})"));
  CHECK(values_of({sent.front()}, "temperature").size() == 1);
  CHECK(std::none_of(sent.begin() + 1, sent.end(), [](const auto& p) { return contains(p, "units"); }));
}

TEST_CASE("rows of an outage arrive oldest first as a batch, each once", "[devices]") {
  Bench bench(plan_of(FaultKind::drop, 5s, 15s));
  bench.run(30s);
  CHECK(bench.wire.cuts == 1);
  REQUIRE(bench.wire.wills.size() == 2);
  CHECK(session_of(bench.wire.wills[0].payload) != session_of(bench.wire.wills[1].payload));
  CHECK(contains(bench.status().at(1), "\"reason\":\"reconnect\""));
  std::vector<std::int64_t> times;
  CHECK(values_of(bench.telemetry(), "temperature", &times).size() == 31);
  CHECK(std::is_sorted(times.begin(), times.end()));
  CHECK(std::set(times.begin(), times.end()).size() == times.size());
  CHECK(bench.device.tally().batches == 1);
}

TEST_CASE("a device without clock sends what it kept with its uptime", "[devices]") {
  auto profile = Bench::a_device();
  profile.has_clock = false;
  Bench bench(plan_of(FaultKind::drop, 5s, 10s), profile);
  bench.run(20s);
  const auto sent = bench.telemetry();
  const auto batch = std::find_if(sent.begin(), sent.end(), [](auto& p) { return contains(p, "uptime_now_ms"); });
  REQUIRE(batch != sent.end());
  std::vector<std::int64_t> times;
  CHECK(values_of({*batch}, "temperature", &times).size() >= 9);
  CHECK(times.size() >= 9);
  CHECK_FALSE(contains(sent.front(), "\"ts\""));
}

TEST_CASE("rows without PUBACK when the connection dies are sent again", "[devices]") {
  Bench bench;
  bench.wire.acknowledging = false;
  bench.run(5s);
  CHECK(bench.device.tally().delivered == 0);
  const auto before = values_of(bench.telemetry(), "temperature");
  bench.wire.lose();
  bench.wire.acknowledging = true;
  bench.wire.sent.clear();
  bench.run(10s);
  const auto again = values_of(bench.telemetry(), "temperature");
  REQUIRE(again.size() >= before.size());
  CHECK(std::equal(before.begin(), before.end(), again.begin()));
}

TEST_CASE("a full buffer loses its oldest rows and says how many", "[devices]") {
  Bench bench;
  bench.wire.reachable = false;
  bench.run(700s);
  CHECK(bench.device.tally().overflowed == 101);
  CHECK(bench.telemetry().empty());
}

TEST_CASE("attempts to connect back off with jitter up to a minute", "[devices]") {
  Bench bench;
  bench.wire.reachable = false;
  bench.run(600s);
  CHECK(bench.wire.wills.size() >= 600 / 60);
  CHECK(bench.wire.wills.size() <= 60);
}

TEST_CASE("a silent device keeps its connection and measures nothing", "[devices]") {
  Bench bench(plan_of(FaultKind::silent, 5s, 40s));
  bench.run(44s);
  const auto said = bench.wire.sent.size();
  CHECK(said == 6);  // birth, rows at 0 to 4 s
  CHECK(bench.wire.wills.size() == 1);
  bench.run(5s);
  CHECK(bench.wire.sent.size() > said);
  CHECK(bench.device.tally().batches == 0);
}

TEST_CASE("a flapping device is back before its will counts", "[devices]") {
  Bench bench(plan_of(FaultKind::flap, 5s, 6s));
  bench.run(15s);
  CHECK(bench.wire.cuts == 2);
  CHECK(bench.wire.wills.size() == 3);
  CHECK(values_of(bench.telemetry(), "temperature").size() == 16);
}

TEST_CASE("a sleeping device disconnects cleanly and measures nothing until it wakes up", "[devices]") {
  Bench bench(plan_of(FaultKind::sleep, 5s, 10s));
  bench.run(14s);
  CHECK(contains(bench.status().back(), "\"state\":\"sleeping\""));
  CHECK(bench.wire.closes == 1);
  CHECK(bench.wire.cuts == 0);
  CHECK(bench.telemetry().size() == 5);
  bench.run(5s);
  CHECK(contains(bench.status().back(), "\"state\":\"online\""));
  CHECK(bench.telemetry().size() > 5);
}

TEST_CASE("a retired device says that it sleeps, as the last thing", "[devices]") {
  Bench bench;
  bench.run(3s);
  bench.device.retire();
  CHECK(contains(bench.wire.sent.back().payload, "\"state\":\"sleeping\""));
  CHECK(bench.wire.closes == 1);
}

TEST_CASE("value faults change what they are meant to change", "[devices]") {
  SECTION("a spike is over 80 while it lasts") {
    Bench bench(plan_of(FaultKind::spike, 5s, 6s));
    bench.run(20s);
    const auto t = values_of(bench.telemetry(), "temperature");
    CHECK(std::count_if(t.begin(), t.end(), [](double v) { return v > 80.0; }) == 6);
    CHECK(t.back() < 40.0);
  }
  SECTION("a jump is far outside the noise of humidity") {
    Bench bench(plan_of(FaultKind::jump, 40s, 5s));
    bench.run(60s);
    const auto h = values_of(bench.telemetry(), "humidity");
    const auto [low, high] = std::minmax_element(h.begin(), h.begin() + 40);
    CHECK(*high - *low < 3.0);
    CHECK(h[42] > *high + 20.0);
  }
  SECTION("drift grows") {
    Bench bench(plan_of(FaultKind::drift, 0s, 60s));
    bench.run(60s);
    const auto t = values_of(bench.telemetry(), "temperature");
    CHECK(t[55] > t[5] + 8.0);
  }
  SECTION("stuck stays") {
    Bench bench(plan_of(FaultKind::stuck, 5s, 10s));
    bench.run(20s);
    const auto p = values_of(bench.telemetry(), "pressure");
    CHECK(std::set(p.begin() + 5, p.begin() + 14).size() == 1);
    CHECK(std::set(p.begin(), p.end()).size() > 5);
  }
}

TEST_CASE("an unset clock counts from 1970 and a skewed one is hours ahead", "[devices]") {
  Bench unset(plan_of(FaultKind::unset_clock, 0s, 60s));
  unset.run(3s);
  CHECK(contains(unset.telemetry().at(2), "{\"ts\":2000,"));
  Bench skewed(plan_of(FaultKind::skew, 0s, 60s));
  skewed.run(3s);
  CHECK(contains(skewed.telemetry().at(0), "{\"ts\":1763707200000,"));
}

TEST_CASE("broken payloads are refused by the decoder, whatever their kind", "[devices]") {
  Bench bench(plan_of(FaultKind::bad_json, 0s, 12s));
  bench.run(11s);
  CHECK(bench.device.tally().bad == 12);
  proto::Decoder decoder({});
  std::set<proto::DeadLetterReason> reasons;
  for (std::string payload : bench.telemetry()) {
    CAPTURE(payload);
    payload += '\0';
    proto::Decoded decoded;
    const auto result =
        decoder.decode("telemetry/hall/dev-1", payload.data(), payload.size() - 1, from_ms(1'763'700'000'000), decoded);
    REQUIRE_FALSE(result.has_value());
    reasons.insert(result.error().reason);
  }
  CHECK(reasons == std::set{proto::DeadLetterReason::bad_json, proto::DeadLetterReason::bad_utf8});
}

TEST_CASE("a device follows commands that it knows and acknowledges all", "[devices]") {
  Bench bench;
  bench.run(1s);
  CHECK(bench.wire.subscribed == std::vector<std::string>{"cmd/hall/dev-1/#", "config/hall/dev-1"});
  const auto readings = bench.telemetry().size();
  bench.wire.bring("cmd/hall/dev-1/measure", R"({"id":"c-81","ts":1763700000000,"ttl_s":30})");
  bench.device.step();
  CHECK(bench.telemetry().size() == readings + 1);
  CHECK(bench.wire.payloads("ack/hall/dev-1/measure") ==
        std::vector<std::string>{R"({"id":"c-81","ok":true,"code":0,"msg":"done"})"});
  bench.wire.bring("cmd/hall/dev-1/fly", R"({"id":"c-82","args":{"high":true}})");
  bench.wire.bring("cmd/hall/dev-1/measure", "now");  // no command
  bench.wire.bring("cmd/hall/dev-2/measure", R"({"id":"c-83"})");
  bench.device.step();
  CHECK(bench.wire.payloads("ack/hall/dev-1/fly") ==
        std::vector<std::string>{R"({"id":"c-82","ok":false,"code":404,"msg":"no such command"})"});
  CHECK(bench.device.tally().commands == 2);
}

TEST_CASE("a device follows its configuration and names the version in each status", "[devices]") {
  Bench bench;
  bench.run(1s);
  bench.wire.bring("config/hall/dev-1", R"({"version":7,"interval_s":0.5,"heartbeat_s":20,"colour":"red"})");
  bench.device.step();
  CHECK(contains(bench.status().back(), R"("config_version":7,"fw":"sim-1","heartbeat_s":20,"reason":"config")"));
  const auto readings = bench.telemetry().size();
  bench.run(5s);
  CHECK(bench.telemetry().size() >= readings + 9);
  bench.wire.lose();
  bench.run(5s);
  CHECK(contains(bench.status().back(), R"("config_version":7)"));
  bench.wire.bring("config/hall/dev-1", "");
  bench.wire.bring("config/hall/dev-1", "{");
  bench.wire.lose();
  bench.run(5s);
  CHECK_FALSE(contains(bench.status().back(), "config_version"));
}

}  // namespace telltale::devices
