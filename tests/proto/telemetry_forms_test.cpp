#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

namespace {
const std::string device_topic = "telemetry/site1/esp32-7";
const std::string metric_topic = "telemetry/site1/esp32-7/temperature";
}  // namespace

TEST_CASE("every form of a payload gives the same readings", "[proto]") {
  const auto [topic, payload, expected] = GENERATE(table<std::string, std::string, std::string>({
      // flat
      {device_topic, R"({"ts":1763700000,"seq":412,"temperature":21.4,"humidity":48,"door":false})",
       "temperature=21.4@1763700000000 humidity=48@1763700000000 door=false@1763700000000"},
      {device_topic, R"({"temperature":21.4})", "temperature=21.4"},
      // envelope
      {device_topic,
       R"({"ts":1763700000123,"values":{"temperature":21.4},"units":{"temperature":"Cel"},"tags":{"fw":"1.4.2"}})",
       "temperature=21.4Cel@1763700000123"},
      {device_topic, R"({"units":{"temperature":"Cel"},"values":{"temperature":21.4,"humidity":40},"ts":1763700000})",
       "temperature=21.4Cel@1763700000000 humidity=40@1763700000000"},
      {device_topic, R"({"values":{"temperature":21.4},"rssi":-60})", "temperature=21.4 rssi=-60"},
      // batch
      {device_topic, R"([{"ts":1763699940,"temperature":21.2},{"ts":1763700000,"temperature":21.4}])",
       "temperature=21.2@1763699940000 temperature=21.4@1763700000000"},
      {device_topic, R"([{"ts":1763699940,"values":{"t":1}},{"t":2}])", "t=1@1763699940000 t=2"},
      {device_topic, "[]", ""},
      // batch 2
      {device_topic,
       R"({"uptime_now_ms":905000,"batch":[{"uptime_ms":845000,"temperature":21.2},{"uptime_ms":905000,"temperature":21.4}]})",
       "temperature=21.2~1763699940000 temperature=21.4~1763700000000"},
      {device_topic, R"({"batch":[{"uptime_ms":845000,"temperature":21.2}],"uptime_now_ms":905000})",
       "temperature=21.2~1763699940000"},
      {device_topic, R"({"batch":[{"ts":1763699940,"t":1}],"units":{"t":"Cel"}})", "t=1Cel@1763699940000"},
      // scalar
      {metric_topic, "23.4", "temperature=23.4"},
      {metric_topic, " 23.4\n", "temperature=23.4"},
      {metric_topic, "true", "temperature=true"},
      {metric_topic, "\"open\"", "temperature='open'"},
      {metric_topic, R"({"v":23.4,"ts":1763700000,"u":"Cel"})", "temperature=23.4Cel@1763700000000"},
      {metric_topic, R"({"v":"open"})", "temperature='open'"},
      {metric_topic, R"([{"v":1,"ts":1763699940},{"v":2,"ts":1763700000}])",
       "temperature=1@1763699940000 temperature=2@1763700000000"},
      {metric_topic, R"({"v":{"a":1,"b":2}})", "temperature_a=1 temperature_b=2"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::telemetry);
  CHECK(decode.out.device == "esp32-7");
  CHECK(decode.dropped() == 0);
}

TEST_CASE("JSON that is none of the forms is refused", "[proto]") {
  const auto [topic, payload] = GENERATE(table<std::string, std::string>({
      {device_topic, "21.4"},
      {device_topic, "\"open\""},
      {device_topic, "null"},
      {device_topic, "[1,2]"},
      {device_topic, R"([{"t":1},[]])"},
      {device_topic, R"({"values":3})"},
      {device_topic, R"({"batch":{}})"},
      {device_topic, R"([{"batch":[]}])"},
      {device_topic, R"({"batch":[{"batch":[]}]})"},
      {device_topic, R"({"v":23.4})"},
      {metric_topic, R"({"value":23.4})"},
      {metric_topic, R"({"values":{"t":1}})"},
      {metric_topic, "[1]"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode.refusal(topic, payload) == "wrong_shape");
  CHECK(decode.out.samples.empty());
}

TEST_CASE("an empty payload is telemetry without readings", "[proto][lesson-02]") {
  Decoding decode;
  for (const auto& topic : {device_topic, metric_topic}) {
    CHECK(decode(topic, "").empty());
    CHECK(decode.taken());
    CHECK(decode.out.kind == MessageKind::telemetry);
    CHECK(decode.out.device == "esp32-7");
  }
}

TEST_CASE("a message of reserved keys only is a sign of life", "[proto]") {
  const auto payload = GENERATE(
      as<std::string>(), "{}", R"({"seq":4})",
      R"({"ts":1,"seq":1,"boot":1,"id":"x","age_ms":1,"uptime_ms":1,"uptime_now_ms":1,"values":{},"units":{},"tags":{},"batch":[],"meta":1,"session":"s"})");
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(device_topic, payload).empty());
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::telemetry);
  CHECK(decode.dropped() == 0);
}

TEST_CASE("reserved keys are no metrics inside of values either, and are metrics deeper", "[proto]") {
  Decoding decode;
  CHECK(decode(device_topic, R"({"values":{"ts":5,"t":1,"x":{"id":3}}})") == "t=1 x_id=3");
}

TEST_CASE("tags are taken from an envelope, the last of a batch wins", "[proto]") {
  using Tags = std::vector<std::pair<std::string_view, std::string_view>>;
  Decoding decode;
  decode(device_topic, R"({"t":1,"tags":{"fw":"1.4.2","channel":11,"beta":true,"old":null,"bad name":"x","deep":{}}})");
  CHECK(decode.out.tags == Tags{{"fw", "1.4.2"}, {"channel", "11"}, {"beta", "true"}});
  CHECK(decode.dropped(DropReason::bad_name) == 1);
  CHECK(decode.dropped(DropReason::bad_value) == 1);

  decode(device_topic, R"([{"t":1,"tags":{"fw":"1"}},{"t":2,"tags":{"fw":"2","hw":"b"}}])");
  CHECK(decode.out.tags == Tags{{"fw", "2"}, {"hw", "b"}});

  decode(device_topic, R"({"t":1})");
  CHECK(decode.out.tags.empty());
}

TEST_CASE("a unit is a short text; anything else is none", "[proto]") {
  Decoding decode;
  CHECK(decode(device_topic, R"({"t":1,"units":{"t":7}})") == "t=1");
  CHECK(decode(device_topic, R"({"t":1,"units":{"t":")" + std::string(33, 'u') + R"("}})") == "t=1");
  CHECK(decode(device_topic, R"({"t":1,"units":["Cel"]})") == "t=1");
  CHECK(decode(device_topic, R"({"bme":{"t":1},"units":{"bme_t":"Cel"}})") == "bme_t=1Cel");
  CHECK(decode(metric_topic, R"({"v":1,"u":7})") == "temperature=1");
}

TEST_CASE("in multi-tenant installs the tenant is taken off first", "[proto]") {
  DecoderOptions options;
  options.multi_tenant = true;
  Decoding decode(options);
  CHECK(decode("acme/telemetry/site1/esp32-7", R"({"tenant":"other","t":1})") == "tenant='other' t=1");
  CHECK(decode.out.tenant == "acme");
  CHECK(decode.refusal("telemetry/site1/esp32-7", R"({"t":1})") == "bad_topic");
}

TEST_CASE("the device is known even when its payload is refused", "[proto]") {
  Decoding decode;
  CHECK(decode.refusal(device_topic, "{") == "bad_json");
  CHECK(decode.out.tenant == "default");
  CHECK(decode.out.site == "site1");
  CHECK(decode.out.device == "esp32-7");
  CHECK(decode.refusal("telemetry/site1/-", "{}") == "bad_topic");
  CHECK(decode.out.device.empty());
}

TEST_CASE("the byte behind the payload is put back", "[proto]") {
  Decoder decoder{DecoderOptions{}};
  Decoded out;
  std::string buffer = R"({"t":1}X)";
  REQUIRE(decoder.decode(device_topic, buffer.data(), buffer.size() - 1, Decoding::received, out));
  CHECK(buffer.back() == 'X');
  CHECK(out.samples.size() == 1);
}
