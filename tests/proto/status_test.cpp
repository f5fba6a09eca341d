#include "proto/status.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

TEST_CASE("every synonym of a state is understood, in any case", "[proto][lesson-26]") {
  const auto [word, state] = GENERATE(table<std::string, DeviceState>({
      {"online", DeviceState::online},     {"on", DeviceState::online},       {"up", DeviceState::online},
      {"true", DeviceState::online},       {"1", DeviceState::online},        {"ready", DeviceState::online},
      {"init", DeviceState::online},       {"alert", DeviceState::online},    {"alive", DeviceState::online},
      {"connected", DeviceState::online},  {"offline", DeviceState::offline}, {"off", DeviceState::offline},
      {"down", DeviceState::offline},      {"false", DeviceState::offline},   {"0", DeviceState::offline},
      {"lost", DeviceState::offline},      {"dead", DeviceState::offline},    {"disconnected", DeviceState::offline},
      {"sleeping", DeviceState::sleeping}, {"sleep", DeviceState::sleeping},  {"asleep", DeviceState::sleeping},
      {"OnLine", DeviceState::online},     {"OFFLINE", DeviceState::offline}, {" online\n", DeviceState::online},
  }));
  CAPTURE(word);
  Decoding decode;
  for (const auto& payload : {word, "\"" + word + "\"", "{\"state\":\"" + word + "\"}", "{\"status\":\"" + word + "\"}",
                              "{\"online\":\"" + word + "\"}"}) {
    if (payload.find('\n') != std::string::npos && payload.size() > word.size()) continue;  // no JSON
    CAPTURE(payload);
    CHECK(decode("status/site1/esp32-7", payload).empty());
    CHECK(decode.taken());
    CHECK(decode.out.kind == MessageKind::status);
    CHECK(decode.out.status.state == state);
  }
}

TEST_CASE("a birth tells session, heartbeat and time", "[proto]") {
  Decoding decode;
  decode(
      "status/site1/esp32-7",
      R"({"state":"online","session":"5f2c","ts":1763699999,"fw":"1.4.2","rssi":-61,"heartbeat_s":60,"reason":"power_on"})");
  REQUIRE(decode.taken());
  CHECK(decode.out.status ==
        DeviceStatus{DeviceKey::none, DeviceState::online, false, "5f2c", 60, from_ms(1'763'699'999'000)});
  CHECK(decode.out.site == "site1");
  CHECK(decode.out.device == "esp32-7");

  decode("status/site1/esp32-7", "offline");
  CHECK(decode.out.status == DeviceStatus{DeviceKey::none, DeviceState::offline, false, "", {}, {}});
}

TEST_CASE("status objects come in several forms", "[proto]") {
  const auto [payload, state] = GENERATE(table<std::string, DeviceState>({
      {R"({"state":"offline","session":"5f2c"})", DeviceState::offline},
      {R"({"state":"sleeping","session":"5f2c","heartbeat_s":900})", DeviceState::sleeping},
      {R"({"online":true})", DeviceState::online},
      {R"({"online":false})", DeviceState::offline},
      {R"({"online":1})", DeviceState::online},
      {R"({"status":"up"})", DeviceState::online},
      {R"({"status":"x","state":"online"})", DeviceState::online},
      {R"({"state":"online","state":"offline"})", DeviceState::offline},
      {R"( {"state" : true} )", DeviceState::online},
      {std::string("online\0\0", 8), DeviceState::online},
      {"true", DeviceState::online},
      {"0", DeviceState::offline},
  }));
  CAPTURE(payload);
  Decoding decode;
  decode("status/site1/esp32-7", payload);
  REQUIRE(decode.taken());
  CHECK(decode.out.status.state == state);
}

TEST_CASE("an announced heartbeat that makes no sense is not announced", "[proto]") {
  const auto [value, expected] = GENERATE(table<std::string, std::int64_t>({{"60", 60},
                                                                            {"\"900\"", 900},
                                                                            {"0.5", 1},
                                                                            {"0", 0},
                                                                            {"-5", 0},
                                                                            {"null", 0},
                                                                            {"nan", 0},
                                                                            {"1e12", 0},
                                                                            {"true", 0}}));
  CAPTURE(value);
  Decoding decode;
  decode("status/site1/esp32-7", R"({"state":"online","heartbeat_s":)" + value + "}");
  REQUIRE(decode.taken());
  CHECK(decode.out.status.heartbeat_s.value_or(0) == expected);
}

TEST_CASE("a status time that is not believable is left out", "[proto][lesson-16]") {
  const auto ts = GENERATE(as<std::string>(), "12", "1863700000", "1463700000", "\"soon\"", "null", "[]");
  CAPTURE(ts);
  Decoding decode;
  decode("status/site1/esp32-7", R"({"state":"online","ts":)" + ts + "}");
  REQUIRE(decode.taken());
  CHECK_FALSE(decode.out.status.ts);
}

TEST_CASE("a status that says nothing is a dead letter with its device", "[proto]") {
  const auto [payload, reason] = GENERATE(table<std::string, std::string>({
      {"maybe", "bad_status"},
      {"2", "bad_status"},
      {"\"maybe\"", "bad_status"},
      {"{}", "bad_status"},
      {R"({"state":null})", "bad_status"},
      {R"({"state":{}})", "bad_status"},
      {R"({"state":"maybe"})", "bad_status"},
      {"[]", "bad_status"},
      {R"({"state":"online")", "bad_json"},
      {"\xff\xfe", "bad_utf8"},
      {" ", "bad_json"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode.refusal("status/site1/esp32-7", payload) == reason);
  CHECK(decode.out.device == "esp32-7");
  CHECK(decode.out.kind == MessageKind::ignored);
}

TEST_CASE("an empty status deletes a retained message and says nothing", "[proto]") {
  Decoding decode;
  CHECK(decode("status/site1/esp32-7", "").empty());
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::ignored);
}

TEST_CASE("nothing of an earlier status stays behind", "[proto]") {
  Decoding decode;
  decode("status/site1/esp32-7", R"({"state":"online","session":"5f2c","heartbeat_s":5,"ts":1763700000})");
  decode("status/site1/esp32-8", "online");
  CHECK(decode.out.status == DeviceStatus{DeviceKey::none, DeviceState::online, false, "", {}, {}});
}
