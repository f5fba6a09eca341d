#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "proto/decoder.hpp"
#include "tests/proto/allocation_count.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::allocation_count;

TEST_CASE("allocations are counted at all", "[proto]") {
  const auto before = allocation_count();
  const std::string text(100, 'x');
  CHECK(allocation_count() == before + 1);
  std::string big = "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}";
  const auto cold = allocation_count();
  Decoder decoder{DecoderOptions{}};
  Decoded out;
  CHECK(decoder.decode("telemetry/s/d", big.data(), big.size(), from_ms(1'763'700'000'000), out));
  CHECK(allocation_count() > cold);
}

TEST_CASE("a long name before thousands of members costs no memory for each of them", "[proto]") {
  std::string members;
  for (int i = 0; members.size() < 30'000; ++i)
    members += (members.empty() ? "\"m" : ",\"m") + std::to_string(i) + "\":{}";
  std::string payload = "{\"" + std::string(30'000, 'x') + "\":{" + members + "}}";
  const auto [topic, mapped] =
      GENERATE(table<std::string, bool>({{"telemetry/site1/esp32-7", false}, {"made/esp32-7", true}}));
  CAPTURE(topic);
  DecoderOptions options;
  if (mapped) {
    Mapping mapping;
    mapping.name = "two stars";
    mapping.topic = "made/{device}";
    mapping.metrics.push_back({"/*/*", "{1}_{2}", ""});
    options.mappings.push_back(mapping);
  }
  Decoder decoder(options);
  Decoded out;
  const auto before = allocation_count();
  CHECK(decoder.decode(topic, payload.data(), payload.size(), from_ms(1'763'700'000'000), out));
  CHECK(out.samples.empty());
  CHECK(allocation_count() - before < 100);
}

TEST_CASE("a warm decoder allocates nothing for the messages of the hot path", "[proto]") {
  std::string batch = "[";
  for (int i = 0; i < 50; ++i) {
    batch += (i == 0 ? "" : ",") + std::string("{\"ts\":") + std::to_string(1'763'699'900 + i) +
             ",\"temperature\":21." + std::to_string(i) + ",\"humidity\":48}";
  }
  batch += "]";
  const auto [topic, payload, samples] = GENERATE_COPY(table<std::string, std::string, std::size_t>({
      {"telemetry/site1/esp32-7", R"({"ts":1763700000,"seq":412,"temperature":21.4,"humidity":48,"door":false})", 3},
      {"telemetry/site1/esp32-7", R"({"temperature":nan,"state":"a text that no small string buffer can hold"})", 1},
      {"telemetry/site1/esp32-7",
       R"({"ts":"2025-11-21T04:40:00Z","values":{"bme280":{"t":21,"h":40}},"units":{"bme280_t":"Cel"},"tags":{"fw":"1.4.2"}})",
       2},
      {"telemetry/site1/esp32-7/temperature", "23.4", 1},
      {"telemetry/site1/esp32-7/temperature", R"({"v":23.4,"ts":1763700000,"u":"Cel"})", 1},
      {"telemetry/site1/esp32-7", batch, 100},
      {"sensors/temperature/room1", "23.4", 1},
      {"status/site1/esp32-7", R"({"state":"online","session":"5f2c","ts":1763700000,"heartbeat_s":60})", 0},
  }));
  CAPTURE(topic, payload);
  DecoderOptions options;
  options.mappings = {tutorial_mapping()};
  Decoder decoder(options);
  Decoded out;
  std::string buffer;
  buffer.reserve(payload.size() + 1);
  std::size_t counted_allocations = 0;
  bool all_taken = true;
  constexpr int warm_up = 3;
  for (int i = 0; i < 5000; ++i) {
    buffer.assign(payload);
    const auto before = allocation_count();
    const auto result = decoder.decode(topic, buffer.data(), buffer.size(), from_ms(1'763'700'000'000), out);
    if (i >= warm_up) counted_allocations += allocation_count() - before;
    all_taken = all_taken && result.has_value() && out.samples.size() == samples;
  }
  CHECK(all_taken);
  CHECK(counted_allocations == 0);
}
