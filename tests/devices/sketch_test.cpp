// Runs the ESP32 reference sketch against stand-ins for the Arduino libraries, in simulated time.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "PubSubClient.h"
#include "proto/decoder.hpp"

void setup();
void loop();

namespace {

using namespace arduino_test;
using telltale::from_ms;

constexpr std::int64_t ntp_time_s = 1'763'700'000;

void run_for(std::uint32_t seconds) {
  const std::uint32_t start = board.millis;
  const std::int64_t clock = board.wall_clock_s;
  while (board.millis - start < seconds * 1000) {
    loop();
    board.wall_clock_s = clock + (board.millis - start) / 1000;
  }
}

std::vector<Published> telemetry() {
  std::vector<Published> found;
  for (const auto& message : broker.published) {
    if (message.topic.starts_with("telemetry/")) found.push_back(message);
  }
  return found;
}

struct Accepted {
  std::size_t values = 0;
  std::vector<std::int64_t> times_ms;  // of samples that have one
};

Accepted decode_all(const std::vector<Published>& messages, std::int64_t received_s) {
  telltale::proto::Decoder decoder({});
  Accepted accepted;
  for (const auto& message : messages) {
    CAPTURE(message.topic, message.payload);
    std::string payload = message.payload + '\0';
    telltale::proto::Decoded decoded;
    const auto result =
        decoder.decode(message.topic, payload.data(), message.payload.size(), from_ms(received_s * 1000), decoded);
    REQUIRE(result.has_value());
    accepted.values += decoded.samples.size();
    for (const auto& sample : decoded.samples) {
      if (sample.ts) accepted.times_ms.push_back(telltale::to_ms(*sample.ts));
    }
  }
  return accepted;
}

}  // namespace

// One story, as the sketch's state is global and begins with power-on.
TEST_CASE("the ESP32 sketch keeps the device contract through start, outage and sensor failure", "[devices]") {
  broker.reachable = false;
  setup();

  // Power-on without broker and without NTP: readings wait, attempts back off.
  run_for(60);
  CHECK(broker.published.empty());
  REQUIRE(broker.connects.size() >= 3);
  CHECK(broker.connects.size() < 40);

  // The broker comes: birth before telemetry, then the waiting rows with relative times, oldest first.
  broker.reachable = true;
  run_for(70);
  REQUIRE(!broker.published.empty());
  const auto& birth = broker.published.front();
  CHECK(birth.topic == "status/home/esp32-1");
  CHECK(birth.retained);
  CHECK(birth.payload.find("\"reason\":\"power_on\"") != std::string::npos);
  const auto& connect = broker.connects.back();
  CHECK(connect.client_id == "esp32-1");
  CHECK(connect.will_topic == birth.topic);
  CHECK(connect.will_qos == 1);
  CHECK(connect.will_retained);
  const auto token = [](const std::string& payload) { return payload.substr(payload.find("\"session\":"), 20); };
  CHECK(token(connect.will_payload) == token(birth.payload));

  const auto first = telemetry();
  REQUIRE(!first.empty());
  CHECK(first.front().payload.starts_with("{\"uptime_now_ms\":"));
  const auto relative = decode_all(first, ntp_time_s);
  CHECK(relative.values >= 12);
  CHECK(relative.times_ms.size() >= 6);
  CHECK(std::is_sorted(relative.times_ms.begin(), relative.times_ms.end()));

  // NTP answers: rows carry their time.
  board.wall_clock_s = ntp_time_s;
  broker.published.clear();
  run_for(30);
  for (const auto& message : telemetry()) CHECK(message.payload.find("\"ts\":17637") != std::string::npos);
  CHECK(decode_all(telemetry(), board.wall_clock_s).times_ms.size() == 3);

  // Twenty minutes without broker: the last 60 readings come back in batches, oldest first, each once.
  broker.reachable = false;
  run_for(20 * 60);
  broker.published.clear();
  broker.reachable = true;
  const auto attempts = broker.connects.size();
  run_for(125);
  CHECK(broker.connects.size() >= attempts + 1);
  CHECK(broker.published.front().payload.find("\"reason\":\"reconnect\"") != std::string::npos);
  const auto after = decode_all(telemetry(), board.wall_clock_s);
  CHECK(after.times_ms.size() >= 60);
  CHECK(std::adjacent_find(after.times_ms.begin(), after.times_ms.end(), std::greater_equal<>{}) ==
        after.times_ms.end());
  CHECK(telemetry().size() < after.times_ms.size());

  // A failed sensor is left out; the device still says that it lives.
  board.temperature = NAN;
  broker.published.clear();
  run_for(100);
  CHECK(telemetry().empty());
  CHECK(broker.published.size() >= 3);
  CHECK(broker.published.back().payload.find("heartbeat") != std::string::npos);
  for (const auto& message : broker.published) CHECK(message.payload.find("nan") == std::string::npos);
  decode_all(broker.published, board.wall_clock_s);

  // Commands are acknowledged, known or not; a configuration is followed, and named in each status from then on.
  board.temperature = 20;
  CHECK(broker.subscribed == std::vector<std::string>{"cmd/home/esp32-1/#", "config/home/esp32-1"});
  broker.published.clear();
  broker.messages = {{"cmd/home/esp32-1/measure", R"({"id":"c-81","ts":1763700000000,"ttl_s":30})"},
                     {"cmd/home/esp32-1/fly", R"({"id":"c-82","args":{"high":true}})"},
                     {"cmd/home/esp32-1/fly", "no command"},
                     {"cmd/home/other/fly", R"({"id":"c-83"})"},
                     {"config/home/esp32-1", R"({"version":7,"interval_s":20,"heartbeat_s":90})"}};
  run_for(60);
  const auto acks = [](const std::string& name) {
    std::vector<std::string> found;
    for (const auto& message : broker.published)
      if (message.topic == "ack/home/esp32-1/" + name) found.push_back(message.payload);
    return found;
  };
  CHECK(acks("measure") == std::vector<std::string>{R"({"id":"c-81","ok":true,"code":0})"});
  CHECK(acks("fly") == std::vector<std::string>{R"({"id":"c-82","ok":false,"code":404})"});
  CHECK(telemetry().size() >= 2);  // every 20 s, from 20 s on; it was every 10
  CHECK(telemetry().size() <= 3);
  const auto named = std::ranges::find_if(broker.published, [](const auto& message) {
    return message.topic == "status/home/esp32-1" && message.payload.find("\"config_version\":7") != std::string::npos;
  });
  REQUIRE(named != broker.published.end());
  CHECK(named->payload.find("\"heartbeat_s\":90") != std::string::npos);

  CHECK(broker.largest_packet <= PubSubClient::buffer_bytes);
}
