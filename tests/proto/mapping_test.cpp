#include "proto/mapping.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

namespace {

Mapping mapping(std::string name, std::string topic) {
  Mapping m;
  m.name = std::move(name);
  m.topic = std::move(topic);
  m.set = {{"site", "home"}};
  return m;
}

/// The examples of contracts 6 for codecs json and plain.
DecoderOptions contract_mappings() {
  auto tasmota = mapping("tasmota", "tele/{device}/SENSOR");
  tasmota.time = Mapping::Time{"/Time", "Europe/Prague"};
  tasmota.metrics = {{"/*/Temperature", "{1}_temperature", "Cel"},
                     {"/*/Humidity", "{1}_humidity", "%RH"},
                     {"/ENERGY/Power", "power", "W"}};
  auto lwt = mapping("tasmota-lwt", "tele/{device}/LWT");
  lwt.role = Mapping::Role::status;
  lwt.codec = Mapping::Codec::plain;
  lwt.online = {"Online"};
  lwt.offline = {"Offline"};
  auto z2m = mapping("z2m", "zigbee2mqtt/{device}");
  z2m.time = Mapping::Time{"/last_seen", ""};
  z2m.metrics_auto = true;
  z2m.ignore = {"/update", "/last_seen", "/linkquality"};
  auto available = mapping("z2m-avail", "zigbee2mqtt/{device}/availability");
  available.role = Mapping::Role::status;
  available.state_at = "/state";
  auto shelly = mapping("shelly2", "{device}/events/rpc");
  shelly.time = Mapping::Time{"/params/ts", ""};
  shelly.metrics = {{"/params/*/apower", "{1}_power", "W"}, {"/params/*/temperature/tC", "{1}_temperature", "Cel"}};
  DecoderOptions options;
  options.mappings = {tasmota, lwt, z2m, available, shelly, tutorial_mapping()};
  return options;
}

DecoderOptions only(Mapping m) {
  DecoderOptions options;
  options.mappings = {std::move(m)};
  return options;
}

}  // namespace

TEST_CASE("the worked results of the contracts come out", "[proto]") {
  const auto [topic, payload, site, device,
              expected] = GENERATE(table<std::string, std::string, std::string, std::string, std::string>({
      {"sensors/temperature/room1", "23.4", "default", "room1", "temperature=23.4"},
      {"tele/plug3/SENSOR",
       R"({"Time":"2025-11-21T05:40:00","AM2301":{"Temperature":21.4,"Humidity":48},"TempUnit":"C"})", "home", "plug3",
       "AM2301_temperature=21.4Cel@1763700000000 AM2301_humidity=48%RH@1763700000000"},
      {"tele/plug3/SENSOR", R"({"Time":"2025-11-21T05:40:00","ENERGY":{"Power":12,"Total":3.1}})", "home", "plug3",
       "power=12W@1763700000000"},
      {"zigbee2mqtt/attic", R"({"battery":91,"humidity":55.1,"temperature":19.8,"last_seen":1763700000123})", "home",
       "attic", "battery=91@1763700000123 humidity=55.1@1763700000123 temperature=19.8@1763700000123"},
      {"zigbee2mqtt/attic",
       R"({"battery":91,"state":"ON","contact":true,"linkquality":120,"update":{"progress":3},"color":{"x":0.3}})",
       "home", "attic", "battery=91 contact=true color_x=0.3"},
      {"shellyplus1pm-a8032/events/rpc",
       R"({"src":"shellyplus1pm-a8032","params":{"ts":1763700000.21,"switch:0":{"id":0,"apower":8.9,"temperature":{"tC":43.2}}}})",
       "home", "shellyplus1pm-a8032", "switch:0_power=8.9W@1763700000210 switch:0_temperature=43.2Cel@1763700000210"},
  }));
  CAPTURE(topic, payload);
  Decoding decode(contract_mappings());
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::telemetry);
  CHECK(decode.out.tenant == "default");
  CHECK(decode.out.site == site);
  CHECK(decode.out.device == device);
  CHECK(decode.dropped() == 0);
}

TEST_CASE("foreign status messages become presence", "[proto][lesson-26]") {
  const auto [topic, payload, state] = GENERATE(table<std::string, std::string, DeviceState>({
      {"zigbee2mqtt/attic/availability", R"({"state":"offline"})", DeviceState::offline},
      {"zigbee2mqtt/attic/availability", R"({"state":"online"})", DeviceState::online},
      {"tele/plug3/LWT", "Online", DeviceState::online},
      {"tele/plug3/LWT", "Offline", DeviceState::offline},
      {"tele/plug3/LWT", "asleep", DeviceState::sleeping},
  }));
  CAPTURE(topic, payload);
  Decoding decode(contract_mappings());
  decode(topic, payload);
  REQUIRE(decode.taken());
  CHECK(decode.out.kind == MessageKind::status);
  CHECK(decode.out.status.state == state);
}

TEST_CASE("a foreign status that says nothing is a dead letter", "[proto]") {
  const auto [topic, payload, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"zigbee2mqtt/attic/availability", R"({"state":"maybe"})", "bad_status"},
      {"zigbee2mqtt/attic/availability", R"({"x":"online"})", "bad_status"},
      {"zigbee2mqtt/attic/availability", R"({"state":{}})", "bad_status"},
      {"zigbee2mqtt/attic/availability", "{", "bad_json"},
      {"tele/plug3/LWT", "up", "bad_status"},  // its own words replace the synonyms of online
      {"tele/plug3/LWT", "\xff", "bad_utf8"},
  }));
  CAPTURE(topic, payload);
  Decoding decode(contract_mappings());
  CHECK(decode.refusal(topic, payload) == reason);
}

TEST_CASE("a status with a time of its own keeps it", "[proto]") {
  auto m = mapping("s", "x/{device}");
  m.role = Mapping::Role::status;
  m.state_at = "/s";
  m.time = Mapping::Time{"/t", "Europe/Prague"};
  m.sleeping = {"zzz"};
  Decoding decode(only(m));
  decode("x/d", R"({"s":"ZZZ","t":"2025-11-21T05:39:00"})");
  REQUIRE(decode.taken());
  CHECK(decode.out.status.state == DeviceState::sleeping);
  CHECK(decode.out.status.ts == from_ms(1'763'699'940'000));
}

TEST_CASE("plain values are numbers, booleans, failed sensors or texts", "[proto][lesson-15]") {
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {"23.4", "temperature=23.4"},
      {" -7\r\n", "temperature=-7"},
      {"+1.5", "temperature=1.5"},
      {"9007199254740993", "temperature=i9007199254740993"},
      {"1e3", "temperature=1000"},
      {std::string("23.4\0", 5), "temperature=23.4"},
      {"true", "temperature=true"},
      {"False", "temperature=false"},
      {"open", "temperature='open'"},
      {"23.4 C", "temperature='23.4 C'"},
      {"nan", ""},
      {"-NAN", ""},
      {"inf", ""},
      {"null", ""},
      {"", ""},
  }));
  CAPTURE(payload);
  Decoding decode(contract_mappings());
  CHECK(decode("sensors/temperature/room1", payload) == expected);
  CHECK(decode.taken());
  CHECK(decode.dropped(DropReason::null_value) == (expected.empty() && !payload.empty() ? 1 : 0));
}

TEST_CASE("plain values that are no values are refused", "[proto]") {
  const auto [payload, reason] = GENERATE(table<std::string, std::string>({
      {" \n", "bad_value"},
      {std::string("\0\0", 2), "bad_value"},
      {"a\x01z", "bad_value"},
      {"\xff", "bad_utf8"},
      {std::string(70'000, '1'), "too_large"},
  }));
  CAPTURE(payload);
  Decoding decode(contract_mappings());
  CHECK(decode.refusal("sensors/temperature/room1", payload) == reason);
}

TEST_CASE("words of an enum become numbers, other words are refused", "[proto]") {
  auto m = mapping("valve", "valve/{device}");
  m.codec = Mapping::Codec::plain;
  m.metrics = {{"", "position", "1"}};
  m.enum_values = {{"open", 1}, {"closed", 0}, {"half", 0.5}};
  Decoding decode(only(m));
  CHECK(decode("valve/v1", "open") == "position=11");
  CHECK(decode("valve/v1", "half\n") == "position=0.51");
  CHECK(decode("valve/v1", "0.25") == "position=0.251");
  CHECK(decode.refusal("valve/v1", "ajar") == "bad_value");
}

TEST_CASE("literal levels come before placeholders, then the order of the file", "[proto]") {
  std::vector<Mapping> mappings;
  for (const std::string topic :
       {"{rest...}", "a/{x}/{device}", "a/{x=b|c}/{device}", "a/{y}/{device}", "a/b/{device}"}) {
    auto m = mapping(topic, topic);
    m.set = {{"site", "home"}, {"device", "d"}, {"metric", "m" + std::to_string(mappings.size())}};
    m.codec = Mapping::Codec::plain;
    mappings.push_back(m);
  }
  DecoderOptions options;
  options.mappings = mappings;
  Decoding decode(options);
  CHECK(decode("a/b/d", "1") == "m4=1");
  CHECK(decode("a/c/d", "1") == "m2=1");
  CHECK(decode("a/z/d", "1") == "m1=1");
  CHECK(decode("z", "1") == "m0=1");
}

TEST_CASE("names are composed of topic levels", "[proto]") {
  auto m = mapping("edge", "plant/{group}/{type=DATA|BIRTH}/{edge}/{rest...}");
  m.set = {{"site", "{group}"}, {"line", "l-{group}"}};
  m.device = "{edge}:{rest}";
  m.metrics = {{"/v", "{group}.v", ""}};
  Decoding decode(only(m));
  using Tags = std::vector<std::pair<std::string_view, std::string_view>>;

  CHECK(decode("plant/plant1/DATA/edge4/pump2", R"({"v":1})") == "plant1.v=1");
  CHECK(decode.out.site == "plant1");
  CHECK(decode.out.device == "edge4:pump2");
  CHECK(decode.out.tags == Tags{{"group", "plant1"}, {"edge", "edge4"}, {"rest", "pump2"}, {"line", "l-plant1"}});

  decode("plant/plant1/DATA/edge4/a/b", R"({"v":1})");
  CHECK(decode.out.device == "edge4:a:b");
  decode("plant/plant1/DATA/edge4", R"({"v":1})");
  CHECK(decode.out.device == "edge4");
  CHECK(decode.refusal("plant/plant1/DEATH/edge4", R"({"v":1})") == "bad_topic");
}

TEST_CASE("levels that are no ids are refused", "[proto]") {
  Decoding decode(contract_mappings());
  CHECK(decode.refusal("zigbee2mqtt/living room", R"({"t":1})") == "bad_topic");
  CHECK(decode.refusal("sensors/2m/room1", "1") == "bad_topic");
  CHECK(decode.refusal("sensors/temperature/", "1") == "bad_topic");
  auto m = mapping("area", "x/{site}/{device}");
  m.set.clear();
  m.metrics_auto = true;
  Decoding sites(only(m));
  CHECK(sites.refusal("x/Hall/d", R"({"t":1})") == "bad_topic");
  CHECK(sites("x/hall/d", R"({"t":1})") == "t=1");
}

TEST_CASE("a topic that nothing matches is a dead letter", "[proto]") {
  Decoding decode(contract_mappings());
  CHECK(decode.refusal("unknown/topic", "1") == "bad_topic");
  CHECK(decode.refusal("sensors/temperature/room1/extra", "1") == "bad_topic");
  CHECK(decode.out.device.empty());
}

TEST_CASE("a mapping whose pointers find nothing is a dead letter, a null is not", "[proto][lesson-15]") {
  Decoding decode(contract_mappings());
  CHECK(decode.refusal("tele/plug3/SENSOR", R"({"Time":"2025-11-21T05:40:00"})") == "wrong_shape");
  CHECK(decode.refusal("zigbee2mqtt/attic", "[1]") == "wrong_shape");
  CHECK(decode("tele/plug3/SENSOR", R"({"AM2301":{"Temperature":null,"Humidity":nan}})").empty());
  CHECK(decode.taken());
  CHECK(decode.dropped(DropReason::null_value) == 2);
  CHECK(decode("zigbee2mqtt/attic", "{}").empty());
  CHECK(decode.taken());
}

TEST_CASE("what a pointer names must be one value", "[proto]") {
  auto m = mapping("m", "x/{device}");
  m.metrics = {{"/a", "", ""}, {"/b/*", "", ""}, {"/list/*/t", "t{1}", ""}};
  Decoding decode(only(m));
  CHECK(decode("x/d", R"({"a":{"z":1},"b":{"p":1,"q":"on","q":"off"},"list":[{"t":5},{"u":1},{"t":6}]})") ==
        "p=1 q='off' t0=5 t2=6");
  CHECK(decode.dropped(DropReason::bad_value) == 1);
  CHECK(decode("x/d", R"({"a":[1],"b":{}})").empty());
  CHECK(decode.dropped(DropReason::array_value) == 1);
}

TEST_CASE("two pointers that give one name leave the last value", "[proto]") {
  auto m = mapping("m", "x/{device}");
  m.metrics = {{"/a", "t", ""}, {"/b", "t", "Cel"}};
  Decoding decode(only(m));
  CHECK(decode("x/d", R"({"b":2,"a":1})") == "t=2Cel");
  CHECK(decode.dropped(DropReason::duplicate_key) == 1);
}

TEST_CASE("a bare JSON value takes the metric of the topic", "[proto]") {
  auto m = mapping("m", "x/{device}/{metric}");
  Decoding decode(only(m));
  CHECK(decode("x/d/door", "\"open\"") == "door='open'");
  CHECK(decode("x/d/t", "21.5") == "t=21.5");
}

TEST_CASE("a mapping's time that is not believable is replaced and counted", "[proto][lesson-16]") {
  Decoding decode(contract_mappings());
  CHECK(decode("zigbee2mqtt/attic", R"({"t":1,"last_seen":12})") == "t=1");
  CHECK(decode.replaced(TimeReplaced::unset_clock) == 1);
  CHECK(decode("zigbee2mqtt/attic", R"({"t":1,"last_seen":"2025-11-21T04:39:00+00:00"})") == "t=1@1763699940000");
  CHECK(decode("zigbee2mqtt/attic", R"({"t":1})") == "t=1");
}

TEST_CASE("in multi-tenant installs templates start behind the tenant", "[proto]") {
  auto options = contract_mappings();
  options.multi_tenant = true;
  Decoding decode(options);
  CHECK(decode("acme/sensors/temperature/room1", "23.4") == "temperature=23.4");
  CHECK(decode.out.tenant == "acme");
  CHECK(decode.refusal("sensors/temperature/room1", "23.4") == "bad_topic");
}

TEST_CASE("an empty message on a mapped topic is a sign of life, or a deleted status", "[proto]") {
  Decoding decode(contract_mappings());
  CHECK(decode("zigbee2mqtt/attic", "").empty());
  CHECK(decode.out.kind == MessageKind::telemetry);
  CHECK(decode("zigbee2mqtt/attic/availability", "").empty());
  CHECK(decode.taken());
  CHECK(decode.out.kind == MessageKind::ignored);
}
