#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string test_path = "/api/v1/mappings/test";

TEST_CASE("mappings are listed as the file has them, the built-in one last", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/mappings").body ==
        R"({"items":[{"name":"tasmota","topic":"tele/{device}/SENSOR","codec":"json","role":"telemetry",)"
        R"("set":{"site":"home"},"time":{"at":"/Time","zone":"Europe/Prague"},)"
        R"("metrics":[{"at":"/*/Temperature","name":"{1}_temperature","unit":"Cel"},)"
        R"({"at":"/ENERGY/Power","name":"power","unit":"W"}]},)"
        R"({"name":"tutorial","topic":"sensors/{metric}/{device}","codec":"plain","role":"telemetry",)"
        R"("set":{"site":"default"}}]})");
}

TEST_CASE("a message is decoded for whoever asks as ingest decodes it, and nothing is stored", "[api]") {
  RestBench bench;
  const auto [body, decoded] = GENERATE(table<std::string, std::string>({
      {R"({"topic":"acme/sensors/temperature/room1","payload":"23.4"})",
       R"({"kind":"telemetry","mapping":"tutorial","site":"default","device":"room1","samples":[{"metric":)"
       R"("temperature","time":"2025-11-21T04:40:00Z","ts":1763700000000,"ts_source":"receive","value":23.4}],)"
       R"("tags":{},"dropped":{},"replaced":{}})"},
      {R"({"topic":"acme/tele/plug3/SENSOR","payload":"{\"Time\":\"2025-11-21T05:30:00\",\"AM2301\":)"
       R"({\"Temperature\":21.4,\"Humidity\":48}}"})",
       R"({"kind":"telemetry","mapping":"tasmota","site":"home","device":"plug3","samples":[{"metric":)"
       R"("AM2301_temperature","time":"2025-11-21T04:30:00Z","ts":1763699400000,"ts_source":"device","value":21.4,)"
       R"("unit":"Cel"}],"tags":{},"dropped":{},"replaced":{}})"},
      {R"({"topic":"acme/telemetry/site1/esp32","payload":"{\"ts\":7,\"values\":{\"door\":true,\"mode\":\"dry\",)"
       R"(\"t\":null,\"big\":9007199254740993},\"tags\":{\"fw\":\"1.4.2\"}}"})",
       R"({"kind":"telemetry","site":"site1","device":"esp32","samples":[{"metric":"door","time":)"
       R"("2025-11-21T04:40:00Z","ts":1763700000000,"ts_source":"receive","value":1},{"metric":"mode","time":)"
       R"("2025-11-21T04:40:00Z","ts":1763700000000,"ts_source":"receive","value":"dry"},{"metric":"big","time":)"
       R"("2025-11-21T04:40:00Z","ts":1763700000000,"ts_source":"receive","value":9007199254740993}],)"
       R"("tags":{"fw":"1.4.2"},"dropped":{"null_value":1},"replaced":{"unset_clock":1}})"},
      {R"({"topic":"acme/status/site1/esp32","payload":"lost"})",
       R"({"kind":"status","site":"site1","device":"esp32","state":"offline","samples":[],"tags":{},"dropped":{},)"
       R"("replaced":{}})"},
      {R"({"topic":"acme/alerts/x/y","payload":"{}"})",
       R"({"kind":"ignored","samples":[],"tags":{},"dropped":{},"replaced":{}})"},
  }));
  CAPTURE(body);
  const auto answer = bench.order("POST", test_path, body);
  CHECK(answer.status == 200);
  CHECK(answer.body == decoded);
  CHECK(bench.intake.posted().empty());
}

TEST_CASE("a message that ingest would refuse is refused with its reason and where it is", "[api]") {
  RestBench bench;
  const auto [body, pointer, detail] = GENERATE(table<std::string, std::string, std::string>({
      {R"({"topic":"acme/nowhere","payload":"1"})", "/topic", "bad_topic: no class of ours and no mapping matches"},
      {R"({"topic":"acme//x","payload":"1"})", "/topic", "bad_topic: "},
      {R"({"topic":"rival/sensors/t/vault","payload":"1"})", "/topic", "the topic is not of the key's tenant"},
      {R"({"topic":"acme/telemetry/site1/esp32","payload":"{\"t\":"})", "/payload", "bad_json: byte 5"},
      {R"({"topic":"acme/status/site1/esp32","payload":"broken"})", "/payload", "bad_status: unknown state 'broken'"},
      {R"({"payload":"1"})", "/topic", "is needed"},
      {R"({"topic":"acme/sensors/t/d"})", "/payload", "is needed"},
      {R"({"topic":"acme/sensors/t/d","payload":23.4})", "/payload", "must be a text"},
      {R"({"topic":"acme/sensors/t/d","payload":"1","qos":1})", "/qos", "is not known"},
  }));
  CAPTURE(body);
  const auto answer = bench.order("POST", test_path, body);
  CHECK(answer.status == 422);
  CHECK(answer.body.find("{\"pointer\":\"" + pointer + "\",\"detail\":\"" + detail) != std::string::npos);
}

}  // namespace
}  // namespace telltale::test
