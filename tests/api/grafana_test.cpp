#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

HttpAnswer ask(RestBench& bench, const std::string& path, const std::string& body) {
  return bench.send("POST", "/grafana" + path, body, bearer(bench.acme));
}

/// What Grafana's JSON data source (simpod-json-datasource 0.6) sends beside what counts.
std::string panel(const std::string& targets, const std::string& more = "") {
  return R"({"app":"dashboard","requestId":"Q101","timezone":"browser","panelId":2,"range":{"from":"2025-11-21T02:00:00.000Z",)"
         R"("to":"2025-11-21T04:40:00.000Z","raw":{"from":"now-2h","to":"now"}},"interval":"1m","intervalMs":3600000,)"
         R"("maxDataPoints":500,"scopedVars":{},)" +
         more + R"("targets":)" + targets + "}";
}

TEST_CASE("Grafana's JSON data source gets what it asks for", "[api]") {
  RestBench bench;
  const auto [path, body, answer] = GENERATE(table<std::string, std::string, std::string>({
      {"/search", R"({"target":"pump"})", R"(["site1/pump/temperature"])"},
      {"/search", R"({"target":""})",
       R"(["site1/boiler/big","site1/boiler/on","site1/boiler/temperature","site1/boiler/word","site1/pump/temperature",)"
       R"("west/boiler/temperature"])"},
      {"/metric-payload-options", R"({"metric":"site1/pump/temperature","name":"agg"})", "[]"},
      {"/query", panel(R"([{"refId":"A","target":"site1/boiler/temperature","payload":""}])"),
       R"([{"target":"site1/boiler/temperature","datapoints":[[67,1763690400000],[68,1763694000000],[69,1763697600000],)"
       R"([500,1763699400000]]}])"},
      {"/query", panel(R"([{"refId":"A","target":"site1/boiler/temperature","payload":{"agg":"max"}}])"),
       R"([{"target":"site1/boiler/temperature","datapoints":[[67,1763690400000],[68,1763694000000],[500,1763697600000]]}])"},
      {"/query", panel(R"([{"refId":"A","target":"site1/boiler/big"},{"refId":"B","target":"site1/boiler/word"}])"),
       R"([{"target":"site1/boiler/big","datapoints":[[9007199254740992,1763699940000]]},)"
       R"({"target":"site1/boiler/word","datapoints":[]}])"},
      {"/query", panel(R"([{"refId":"A","target":"site1/boiler/word","type":"table"}])"),
       R"([{"type":"table","columns":[{"text":"Time","type":"time"},{"text":"site1/boiler/word","type":"string"}],)"
       R"("rows":[[1763699940000,"a \"word\""]]}])"},
      {"/query", panel(R"([{"refId":"A"},{"refId":"B","target":""}])"), "[]"},
      {"/query",
       panel(R"([{"target":"site1/pump/temperature"},{"target":"west/boiler/temperature"}])",
             R"("adhocFilters":[{"key":"site","operator":"!=","value":"west"}],)"),
       R"([{"target":"site1/pump/temperature","datapoints":[[7.5,1763699940000]]}])"},
      {"/variable", R"({"payload":{"target":"device"},"range":{}})",
       R"([{"__text":"boiler","__value":"boiler"},{"__text":"pump","__value":"pump"}])"},
      {"/variable", R"({"payload":{"target":"site","device":"boiler","metric":"on"}})",
       R"([{"__text":"site1","__value":"site1"}])"},
      {"/tag-keys", "{}",
       R"([{"type":"string","text":"site"},{"type":"string","text":"device"},{"type":"string","text":"metric"}])"},
      {"/tag-values", R"({"key":"site"})", R"([{"text":"site1"},{"text":"west"}])"},
      {"/annotations",
       R"({"range":{"from":"2025-11-21T02:00:00Z","to":"2025-11-21T04:00:00Z"},"annotation":{"query":"severity=critical"}})",
       R"([{"time":1763694000000,"timeEnd":1763694600000,"title":"too-hot","text":"temperature 86.5 > 80 on pump",)"
       R"("tags":["critical","pump"]}])"},
  }));
  CAPTURE(path, body);
  const auto got = ask(bench, path, body);
  CHECK(got.status == 200);
  CHECK(got.body == answer);
}

TEST_CASE("Grafana's JSON data source lists the metrics, and is told that the service is there", "[api]") {
  RestBench bench;
  CHECK(ask(bench, "/metrics", "{}")
            .body.starts_with(R"([{"label":"big @ boiler","value":"site1/boiler/big","payloads":[]},)"));
  CHECK(bench.read("/grafana").status == 200);
  CHECK(bench.read("/grafana/").status == 200);
  CHECK(bench.get("/grafana/").status == 401);
}

TEST_CASE("what Grafana's JSON data source cannot be told is a problem with the message that it shows", "[api]") {
  RestBench bench;
  const auto [path, body, status, part] = GENERATE(table<std::string, std::string, int, std::string>({
      {"/query", "{", 400, "byte 1: Missing a name"},
      {"/query", "[]", 400, "a JSON object is needed"},
      {"/query", std::string(10'000, '['), 400, "byte"},
      {"/query", "{}", 400, "/targets must be an array"},
      {"/query", R"({"targets":[7]})", 400, "/targets/0 must be an object"},
      {"/query", R"({"targets":[{"target":"pump"}]})", 400, "/targets/0/target is not site/device/metric"},
      {"/query", R"({"targets":[{"target":"a/b/c/d"}]})", 400, "is not site/device/metric"},
      {"/query", R"({"targets":[{"target":"//"}]})", 400, "is not site/device/metric"},
      {"/query", R"({"targets":[{"target":"site1/pump/x&agg=max"}]})", 400, "metric"},
      {"/query", R"({"targets":[{"target":"site1/pump/nothing"}]})", 404, "there is no such metric"},
      {"/query", R"({"targets":[{"target":"site9/vault/grail"}]})", 404, "there is no such device"},
      {"/query", R"({"range":{"from":"soon"},"targets":[{"target":"site1/pump/temperature"}]})", 400, "from"},
      {"/query", R"({"targets":[{"target":"site1/pump/temperature","payload":{"agg":"median"}}]})", 400, "agg"},
      {"/query", R"({"adhocFilters":[{"key":"site","operator":"=~"}],"targets":[{"target":"a/b/c"}]})", 400,
       "/adhocFilters/0/operator is none of = and !="},
      {"/tag-values", R"({"key":"tenant"})", 400, "/key must be site, device or metric"},
      {"/annotations", R"({"annotation":{"query":"severity=loud"}})", 400, "severity"},
  }));
  CAPTURE(path, body);
  const auto got = ask(bench, path, body);
  CHECK(got.status == status);
  CHECK(got.headers.at("content-type") == "application/problem+json");
  const auto error = got.body.find(",\"error\":{\"code\":" + std::to_string(status) + ",\"message\":\"");
  REQUIRE(error != std::string::npos);
  CHECK(got.body.find(part) != std::string::npos);
  CHECK(got.body.ends_with("\"}}"));
  const auto no_key = bench.send("POST", "/grafana" + path, body, "");
  CHECK(no_key.status == 401);
  CHECK(no_key.body.find("\"error\":{\"code\":401") != std::string::npos);
}

TEST_CASE("the newest readings are there for Prometheus, those of the key's tenant", "[api]") {
  RestBench bench;
  const auto acme = bench.read("/metrics/devices");
  CHECK(acme.status == 200);
  CHECK(acme.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(acme.body ==
        "# HELP telltale_sensor_value The newest reading of a series, unless it is over an hour old.\n"
        "# TYPE telltale_sensor_value gauge\n"
        "telltale_sensor_value{site=\"site1\",device=\"boiler\",metric=\"big\"} 9007199254740992\n"
        "telltale_sensor_value{site=\"site1\",device=\"boiler\",metric=\"on\"} 1\n"
        "telltale_sensor_value{site=\"site1\",device=\"boiler\",metric=\"temperature\"} 500\n"
        "telltale_sensor_value{site=\"site1\",device=\"pump\",metric=\"temperature\"} 7.5\n"
        "telltale_sensor_value{site=\"west\",device=\"boiler\",metric=\"temperature\"} 1\n");
  CHECK(bench.get("/metrics/devices", bearer(bench.key("rival"))).body.find("grail") != std::string::npos);
  CHECK(bench.get("/metrics/devices").status == 401);
  CHECK(bench.read("/metrics/devices?x=1").status == 400);
  bench.clock.advance(Millis{40 * 60'000});
  CHECK(bench.read("/metrics/devices").body.find("500") != std::string::npos);
  bench.clock.advance(Millis{25 * 60'000});
  CHECK(bench.read("/metrics/devices").body.find("telltale_sensor_value{") == std::string::npos);
}

TEST_CASE("the targets of a panel have no more values together than an answer may have", "[api]") {
  RestBench::Options options;
  options.limits.rows = 7;
  RestBench bench(std::move(options));
  const std::string four = R"({"target":"site1/boiler/temperature"})";
  CHECK(ask(bench, "/query", panel("[" + four + "]")).status == 200);
  const auto refused = ask(bench, "/query", panel("[" + four + "," + four + "]"));
  CHECK(refused.status == 422);
  CHECK(refused.body.find("too-many-points") != std::string::npos);
  std::string filters = R"({"key":"site","value":"site1"})";
  for (int i = 0; i < 100; ++i) filters += R"(,{"key":"site","value":"site1"})";
  CHECK(ask(bench, "/query", panel("[" + four + "]", R"("adhocFilters":[)" + filters + "],")).status == 400);
}

}  // namespace
}  // namespace telltale::test
