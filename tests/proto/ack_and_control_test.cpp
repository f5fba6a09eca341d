#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

TEST_CASE("an acknowledgement is a sign of life without readings", "[proto]") {
  Decoding decode;
  CHECK(decode("ack/site1/esp32-7/relay", R"({"id":"c-81","ok":true,"code":0,"msg":"done"})").empty());
  REQUIRE(decode.taken());
  CHECK(decode.out.kind == MessageKind::ack);
  CHECK(decode.out.tenant == "default");
  CHECK(decode.out.site == "site1");
  CHECK(decode.out.device == "esp32-7");
}

TEST_CASE("an acknowledgement names what it answers, as far as it is readable", "[proto]") {
  const auto [topic, payload, id, ok, code, msg] =
      GENERATE(table<std::string, std::string, std::string, bool, std::int64_t, std::string>({
          {"ack/site1/d/relay", R"({"id":"c-81","ok":true,"code":0,"msg":"done"})", "c-81", true, 0, "done"},
          {"ack/site1/d/relay", R"({"msg":"l\u00e4uft","code":-3,"ok":false,"id":"c-81"})", "c-81", false, -3, "läuft"},
          {"ack/site1/d/relay", R"({"id":81,"ok":0})", "81", false, 0, ""},
          {"ack/site1/d/relay", R"({"id":"c-81","ok":[],"code":1e300,"msg":7})", "c-81", true, 0, ""},
          {"ack/site1/d/relay", R"({"id":{},"ok":true})", "", true, 0, ""},
          {"ack/site1/d/relay", "done", "", true, 0, ""},
          {"ack/site1/d/relay", "", "", true, 0, ""},
          {"status/site1/d", R"({"state":"online","config_version":7})", "7", true, 0, ""},
          {"status/site1/d", R"({"state":"online","config_version":"7"})", "", true, 0, ""},
          {"status/site1/d", "online", "", true, 0, ""},
          {"telemetry/site1/d", R"({"id":"c-81","t":1})", "", true, 0, ""},
      }));
  CAPTURE(topic, payload);
  Decoding decode;
  decode("ack/site9/other/blink", R"({"id":"c-1","ok":false,"code":9,"msg":"old"})");
  decode(topic, payload);
  REQUIRE(decode.taken());
  const auto& reply = decode.out.reply;
  CHECK(reply.id == id);
  CHECK(reply.ok == ok);
  CHECK(reply.code == code);
  CHECK(reply.msg == msg);
  if (id.empty()) return;
  CHECK(reply.tenant == "default");
  CHECK(reply.site == "site1");
  CHECK(reply.device == "d");
  CHECK(reply.name == (topic.starts_with("ack/") ? "relay" : ""));
}

TEST_CASE("an operator acknowledges and silences alerts", "[proto]") {
  const auto [topic, payload, expected] = GENERATE(table<std::string, std::string, OperatorAction>({
      {"control/alert/a-9c1f/ack",
       R"({"by":"ana","comment":"on it","until":"2025-11-21T08:00:00Z"})",
       {OperatorVerb::ack, "default", "a-9c1f", "ana", "on it", from_ms(1'763'712'000'000)}},
      {"control/alert/a-9c1f/silence",
       R"({"until":1763712000000})",
       {OperatorVerb::silence, "default", "a-9c1f", "", "", from_ms(1'763'712'000'000)}},
      {"control/alert/a-9c1f/silence",
       R"({"by":"ana","until":"2035-01-01T00:00:00Z"})",
       {OperatorVerb::silence, "default", "a-9c1f", "ana", "", from_ms(2'051'222'400'000)}},
      {"control/alert/a-9c1f/ack", "", {OperatorVerb::ack, "default", "a-9c1f", "", "", {}}},
      {"control/alert/a-9c1f/ack", "{}", {OperatorVerb::ack, "default", "a-9c1f", "", "", {}}},
      {"control/alert/a-9c1f/ack", R"({"by":null,"more":[1]})", {OperatorVerb::ack, "default", "a-9c1f", "", "", {}}},
  }));
  CAPTURE(topic, payload);
  Decoding decode;
  decode(topic, payload);
  REQUIRE(decode.taken());
  CHECK(decode.out.kind == MessageKind::control);
  CHECK(decode.out.control == expected);
}

TEST_CASE("an operator removes a device, a site, everything of a tenant", "[proto]") {
  const auto [topic, payload, expected] = GENERATE(table<std::string, std::string, DevicesRemoved>({
      {"control/device/site1/esp32-7/remove",
       R"({"by":"ana","comment":"sold"})",
       {"default", "site1", "esp32-7", "ana", "sold", {}, {}}},
      {"control/device/site1/-/remove", "", {"default", "site1", "-", "", "", {}, {}}},
      {"control/device/-/-/remove", R"({"until":7})", {"default", "-", "-", "", "", {}, {}}},
  }));
  CAPTURE(topic, payload);
  Decoding decode;
  decode("control/device/site9/d/remove", R"({"by":"somebody else"})");
  decode(topic, payload);
  REQUIRE(decode.taken());
  CHECK(decode.out.kind == MessageKind::removal);
  CHECK(decode.out.removal == expected);
}

TEST_CASE("an order that cannot be followed is a dead letter", "[proto]") {
  const auto [topic, payload, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"control/alert/a-1/snooze", "{}", "bad_control"},
      {"control/alert/a-1/ack", "[]", "bad_control"},
      {"control/alert/a-1/ack", "now", "bad_json"},
      {"control/alert/a-1/ack", R"({"by":7})", "bad_control"},
      {"control/alert/a-1/silence", R"({"until":"tomorrow"})", "bad_control"},
      {"control/alert/a-1/silence", R"({"until":3})", "bad_control"},
      {"control/rules/reload", "{}", "bad_topic"},
      {"control/device/site1/d/forget", "{}", "bad_control"},
      {"control/device/site1/d/remove", "[]", "bad_control"},
      {"control/device/site1/d/remove", R"({"by":7})", "bad_control"},
      {"control/device/site1/remove", "{}", "bad_topic"},
  }));
  CAPTURE(topic, payload);
  Decoding decode;
  CHECK(decode.refusal(topic, payload) == reason);
}

TEST_CASE("an order with an end that is no time is told how times are written", "[proto]") {
  Decoding decode;
  CHECK(decode("control/silence/works", R"({"device":"boiler","until":"now+2h"})") ==
        "bad_control: 'until' is not a time: use 2025-11-21T04:40:00Z, or seconds or milliseconds since 1970");
}

TEST_CASE("the tenant of an order comes from the topic", "[proto]") {
  DecoderOptions options;
  options.multi_tenant = true;
  Decoding decode(options);
  decode("acme/control/alert/a-1/ack", R"({"tenant":"other"})");
  REQUIRE(decode.taken());
  CHECK(decode.out.control.tenant == "acme");
}

TEST_CASE("what the service writes is never input", "[proto]") {
  const auto topic = GENERATE(as<std::string>(), "live/site1/esp32-7", "aggregates/1m/site1/esp32-7/temperature",
                              "rollup/10s/site1/esp32-7", "alerts/critical/site1/esp32-7/too-hot/temperature",
                              "alert-state/site1/esp32-7/too-hot/temperature", "presence/site1/esp32-7",
                              "errors/site1/esp32-7", "service/main/status", "service/time", "cmd/site1/esp32-7/relay",
                              "config/site1/esp32-7", "control-reply/alert/a-1");
  CAPTURE(topic);
  Mapping greedy;
  greedy.name = "greedy";
  greedy.topic = "{_}/{rest...}";
  greedy.set = {{"device", "d"}};
  greedy.metrics_auto = true;
  DecoderOptions options;
  options.mappings = {greedy};
  Decoding decode(options);
  CHECK(decode(topic, R"({"v":1,"x":2})").empty());
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::ignored);
}
