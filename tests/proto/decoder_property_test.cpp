#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "proto/decoder.hpp"
#include "proto/topic.hpp"
#include "proto/utf8.hpp"

using namespace telltale;
using namespace telltale::proto;

namespace {

constexpr auto received = from_ms(1'763'700'000'000);

const std::vector<std::string> topics = {
    "telemetry/site1/d", "telemetry/site1/d/m", "status/site1/d", "ack/site1/d/x", "control/alert/a-1/ack", "auto/d",
    "select/d",          "sensors/m/d",         "state/d",        "alerts/x"};

const std::vector<std::string> seeds = {
    R"({"ts":1763700000,"seq":412,"temperature":21.4,"humidity":48,"door":false})",
    R"({"ts":1763700000123,"values":{"t":21.4,"o":{"a":{"b":[1]}}},"units":{"t":"Cel"},"tags":{"fw":"1.4.2"}})",
    R"([{"ts":1763699940,"t":21.2},{"age_ms":5,"t":nan},{"t":"h\u00e9\ud83d\ude00"}])",
    R"({"uptime_now_ms":905000,"batch":[{"uptime_ms":845000,"t":-Infinity},{"t":1e400}]})",
    R"({"v":23.4,"ts":"2025-11-21T04:40:00+01:00","u":"Cel"})",
    R"({"state":"online","session":"5f2c","heartbeat_s":60,"by":"ana","until":"2025-11-21T08:00:00Z"})",
    "23.4",
    "\"open\"",
    "online"};

DecoderOptions options() {
  Mapping automatic;
  automatic.name = "auto";
  automatic.topic = "auto/{device}";
  automatic.metrics_auto = true;
  automatic.ignore = {"/values/*", "/0"};
  automatic.time = Mapping::Time{"/ts", "Europe/Prague"};
  Mapping selecting;
  selecting.name = "select";
  selecting.topic = "select/{device}";
  selecting.metrics = {{"/*", "{1}", ""}, {"/*/*", "{1}_{2}", ""}, {"/*/*/*", "x{3}", ""}};
  Mapping state;
  state.name = "state";
  state.topic = "state/{device}";
  state.role = Mapping::Role::status;
  state.state_at = "/state";
  DecoderOptions o;
  o.mappings = {automatic, selecting, state, tutorial_mapping()};
  o.numeric_metrics = {"t*"};
  return o;
}

/// What holds for any message, taken or refused.
void holds_its_promises(const std::string& topic, const std::string& payload) {
  static Decoder decoder(options());
  static Decoded out;
  std::string buffer = payload;
  const auto result = decoder.decode(topic, buffer.data(), buffer.size(), received, out);
  if (!result) {
    RC_ASSERT(out.samples.empty());
    RC_ASSERT(!result.error().detail.empty());
    return;
  }
  if (out.kind != MessageKind::telemetry) RC_ASSERT(out.samples.empty());
  for (const auto& sample : out.samples) {
    RC_ASSERT(valid_metric(sample.metric));
    RC_ASSERT(std::isfinite(sample.number));
    RC_ASSERT(first_invalid_utf8(sample.text) == std::string_view::npos);
    RC_ASSERT(first_invalid_utf8(sample.unit) == std::string_view::npos);
    if (sample.ts) RC_ASSERT(*sample.ts <= received + Millis{300'000});
    if (sample.ts) RC_ASSERT(*sample.ts >= received - Millis{31LL * 86'400'000});
  }
}

}  // namespace

TEST_CASE("no bytes crash the decoder", "[proto][lesson-02]") {
  CHECK(rc::check("random bytes", [] {
    const auto payload = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    holds_its_promises(*rc::gen::elementOf(topics), payload);
  }));
  CHECK(rc::check("random bytes that look like JSON", [] {
    const auto payload = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("{}[]\",:.-+eE0123456789 \\untrfalsxinNIdb\n\t\xc3\xa9")));
    holds_its_promises(*rc::gen::elementOf(topics), payload);
  }));
  CHECK(rc::check("random topics", [] {
    const auto topic = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("/telmrystaucko-_1$+#{}")));
    holds_its_promises(topic, *rc::gen::elementOf(seeds));
  }));
}

TEST_CASE("no mutation of a good payload crashes the decoder", "[proto][lesson-02]") {
  CHECK(rc::check("mutated payloads", [] {
    auto payload = *rc::gen::elementOf(seeds);
    const auto edits = *rc::gen::inRange(1, 6);
    for (int i = 0; i < edits; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, payload.size() + 1);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          payload.insert(at, 1, *rc::gen::arbitrary<char>());
          break;
        case 1:
          payload.erase(at, *rc::gen::inRange<std::size_t>(1, 8));
          break;
        case 2:
          payload.insert(at, *rc::gen::elementOf(seeds));
          break;
        default:
          if (at < payload.size()) payload[at] = *rc::gen::arbitrary<char>();
      }
    }
    holds_its_promises(*rc::gen::elementOf(topics), payload);
  }));
}

TEST_CASE("a number comes back as it was written", "[proto][lesson-14]") {
  CHECK(rc::check("numbers", [] {
    const auto value = *rc::gen::suchThat(rc::gen::arbitrary<double>(), [](double d) { return std::isfinite(d); });
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", value);
    std::string payload = std::string("{\"x\":") + digits + "}";
    Decoder decoder{DecoderOptions{}};
    Decoded out;
    RC_ASSERT(decoder.decode("telemetry/s/d", payload.data(), payload.size(), received, out).has_value());
    RC_ASSERT(out.samples.size() == 1U);
    RC_ASSERT(out.samples.front().number == value);
  }));
  CHECK(rc::check("whole numbers", [] {
    const auto value = *rc::gen::arbitrary<std::int64_t>();
    std::string payload = "{\"x\":" + std::to_string(value) + "}";
    Decoder decoder{DecoderOptions{}};
    Decoded out;
    RC_ASSERT(decoder.decode("telemetry/s/d", payload.data(), payload.size(), received, out).has_value());
    const auto& sample = out.samples.front();
    const bool exact =
        sample.type == ValueType::integer ? sample.integer == value : static_cast<std::int64_t>(sample.number) == value;
    RC_ASSERT(exact);
  }));
}
