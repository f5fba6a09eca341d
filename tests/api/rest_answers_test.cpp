#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string row = R"({"time":"2025-11-21T04:39:00Z","ts":1763699940000,)";

TEST_CASE("devices are listed by site and name with presence and last seen", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/devices").body ==
        R"({"items":[{"site":"site1","device":"boiler","state":"online","since_ts":1763690000000,"heartbeat_s":60,)"
        R"("last_seen_ts":1763699940000,"tags":{"fw":"1.4.2","room":"cellar \"B\""},"series":4},)"
        R"({"site":"site1","device":"pump","state":"unknown","last_seen_ts":1763699940000,"tags":{},"series":1},)"
        R"({"site":"west","device":"boiler","state":"unknown","last_seen_ts":1763699940000,"tags":{},"series":1}]})");
  CHECK(bench.read("/api/v1/devices?state=online").body.find("pump") == std::string::npos);
  CHECK(bench.read("/api/v1/devices?state=offline").body == R"({"items":[]})");
  CHECK(bench.read("/api/v1/devices?site=west").body.find("site1") == std::string::npos);
  CHECK(bench.read("/api/v1/devices?site=nowhere").body == R"({"items":[]})");
}

/// Every page from the first, each by the cursor of the one before.
std::vector<std::string> walk(RestBench& bench, const std::string& path) {
  std::vector<std::string> bodies;
  std::string cursor;
  do {
    bodies.push_back(bench.read(path + (cursor.empty() ? "" : "&cursor=" + cursor)).body);
    const auto at = bodies.back().find(R"("next":")");
    cursor = at == std::string::npos ? "" : bodies.back().substr(at + 8, bodies.back().size() - at - 10);
  } while (!cursor.empty() && bodies.size() < 100);
  return bodies;
}

TEST_CASE("lists go on where the cursor says, each item once", "[api]") {
  RestBench bench;
  const auto devices = walk(bench, "/api/v1/devices?limit=1");
  REQUIRE(devices.size() == 3);
  CHECK(devices[0].find(R"("site":"site1","device":"boiler")") != std::string::npos);
  CHECK(devices[1].find(R"("site":"site1","device":"pump")") != std::string::npos);
  CHECK(devices[2].find(R"("site":"west","device":"boiler")") != std::string::npos);
  CHECK(walk(bench, "/api/v1/metrics?limit=4").size() == 2);
}

TEST_CASE("a device comes with its series and their newest readings", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/devices/site1/boiler").body ==
        R"({"site":"site1","device":"boiler","state":"online","since_ts":1763690000000,"heartbeat_s":60,)"
        R"("last_seen_ts":1763699940000,"tags":{"fw":"1.4.2","room":"cellar \"B\""},"series":[)"
        R"({"metric":"big","time":"2025-11-21T04:39:00Z","ts":1763699940000,"value":9007199254740993},)"
        R"({"metric":"on","time":"2025-11-21T04:39:00Z","ts":1763699940000,"value":1},)"
        R"({"metric":"temperature","unit":"Cel","time":"2025-11-21T04:30:00Z","ts":1763699400000,"value":500},)"
        R"({"metric":"word","time":"2025-11-21T04:39:00Z","ts":1763699940000,"value":"a \"word\""}]})");
}

TEST_CASE("series are listed by site, device and metric", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/metrics?device=boiler&metric=temperature").body ==
        R"({"items":[{"site":"site1","device":"boiler","metric":"temperature","unit":"Cel"},)"
        R"({"site":"west","device":"boiler","metric":"temperature"}]})");
}

TEST_CASE("a query answers flat rows, long or wide", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/query?site=site1&from=now-5m").body ==
        "[" + row + R"("site":"site1","device":"boiler","metric":"big","value":9007199254740993},)" + row +
            R"("site":"site1","device":"boiler","metric":"on","value":1},)" + row +
            R"("site":"site1","device":"boiler","metric":"word","value":"a \"word\""},)" + row +
            R"("site":"site1","device":"pump","metric":"temperature","value":7.5}])");
  CHECK(bench.read("/api/v1/query?site=site1&from=now-5m&shape=wide").body ==
        "[" + row + R"("device":"boiler","big":9007199254740993,"on":1,"word":"a \"word\""},)" + row +
            R"("device":"pump","temperature":7.5}])");
  CHECK(bench.read("/api/v1/query?device=boiler&site=site1&metric=temperature&from=now-2h&to=now-30m&step=1h&agg=max")
            .body ==
        R"([{"time":"2025-11-21T03:00:00Z","ts":1763694000000,"site":"site1","device":"boiler","metric":"temperature",)"
        R"("value":68},)"
        R"({"time":"2025-11-21T04:00:00Z","ts":1763697600000,"site":"site1","device":"boiler","metric":"temperature",)"
        R"("value":69}])");
  const auto few =
      bench.read("/api/v1/query?device=boiler&site=site1&metric=temperature&points=3&method=minmax&from=0").body;
  CHECK(few.find(R"("value":500)") != std::string::npos);
  CHECK(bench.read("/api/v1/query?device=pump&from=2020-01-01&to=2020-01-02").body == "[]");
}

TEST_CASE("latest is one row for each series", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/latest?metric=temperature").body ==
        R"([{"time":"2025-11-21T04:30:00Z","ts":1763699400000,"site":"site1","device":"boiler","metric":"temperature",)"
        R"("value":500},)" +
            row + R"("site":"site1","device":"pump","metric":"temperature","value":7.5},)" + row +
            R"("site":"west","device":"boiler","metric":"temperature","value":1}])");
}

TEST_CASE("statistics speak of a series, a metric, a device or the tenant", "[api]") {
  RestBench bench;
  const std::string range = R"({"from_ts":1763694000000,"to_ts":1763700001000,"items":[)";
  const std::string from = "/api/v1/statistics?from=2025-11-21T03:00:00Z&";
  CHECK(bench.read(from + "metric=temperature&device=boiler&site=site1").body ==
        range +
            R"({"site":"site1","device":"boiler","metric":"temperature","count":3,"avg":212.33333333333334,"min":68,)"
            R"("max":500,"sum":637,"stddev":203.41146040039686}]})");
  CHECK(bench.read(from + "by=metric&metric=temperature&to=now-5m").body.find(R"("series":3,"count":3)") !=
        std::string::npos);
  CHECK(bench.read(from + "by=device&site=west").body ==
        range +
            R"({"site":"west","device":"boiler","series":1,"count":1,"avg":1,"min":1,"max":1,"sum":1,"stddev":0}]})");
  CHECK(bench.read(from + "by=tenant&to=now-5m").body.find(R"("items":[{"series":6,"count":3)") != std::string::npos);
  CHECK(bench.read(from + "metric=word").body.find(R"("count":0})") != std::string::npos);
}

TEST_CASE("one series: hours, completeness, anomalies, days", "[api]") {
  RestBench bench;
  const std::string series = "/api/v1/devices/site1/boiler/temperature";
  const auto hours = bench.read(series + "/hours?from=now-50h").body;
  CHECK(hours.find(R"("utc_offset":0,"hours":[{"hour":0,"count":2,"avg":53,"min":41,"max":65)") != std::string::npos);
  CHECK(bench.read(series + "/hours?from=now-50h&utc_offset=60").body.find(R"({"hour":1,"count":2,"avg":53)") !=
        std::string::npos);
  CHECK(bench.read(series + "/completeness?from=now-10h&period=30m").body ==
        R"({"site":"site1","device":"boiler","metric":"temperature","unit":"Cel","from_ts":1763664001000,)"
        R"("to_ts":1763700001000,"seen":11,"expected":20,"period_ms":1800000,"ratio":0.55})");
  CHECK(bench.read("/api/v1/devices/site1/pump/temperature/completeness").body.find("ratio") == std::string::npos);
  const auto anomalies = bench.read(series + "/anomalies?from=0").body;
  CHECK(anomalies.find(R"("items":[{"time":"2025-11-21T04:30:00Z","ts":1763699400000,"value":500,"z":6.)") !=
        std::string::npos);
  CHECK(bench.read(series + "/anomalies?from=0&z=50").body.find(R"("items":[]})") != std::string::npos);
  const auto days = bench.read(series + "/days?from=now-4d&to=now-1h").body;
  CHECK(days.find(R"({"time":"2025-11-20T00:00:00Z","ts":1763596800000,"avg":52.5,"difference":22.5,"ratio":1.75)") !=
        std::string::npos);
}

TEST_CASE("an answer that the client has is not sent again, and long ones are compressed", "[api]") {
  RestBench bench;
  const std::string path = "/api/v1/query?from=now-3d&device=boiler&site=site1";
  const auto first = bench.read(path);
  const auto etag = first.headers.at("etag");
  CHECK(etag.starts_with("W/\""));
  CHECK(first.headers.at("cache-control") == "private, no-cache");
  const auto again = bench.read(path, "If-None-Match: \"other\", " + etag + "\r\n");
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(again.headers.at("etag") == etag);
  CHECK(bench.read(path, "If-None-Match: W/\"other\"\r\n").status == 200);

  const auto small = bench.read(path, "Accept-Encoding: gzip\r\n");
  CHECK(small.headers.at("content-encoding") == "gzip");
  CHECK(small.headers.at("etag") == etag);
  CHECK(small.body.size() < first.body.size());
  CHECK(small.headers.at("vary").find("Accept-Encoding") != std::string::npos);
  CHECK(bench.read("/api/v1/query?device=pump", "Accept-Encoding: gzip\r\n").headers.count("content-encoding") == 0);

  HttpClient client(bench.port());
  client.send("HEAD " + path + " HTTP/1.1\r\nHost: t\r\n" + bearer(bench.acme) + "\r\n");
  const auto head = client.receive(true);
  CHECK(head->headers.at("etag") == etag);
  CHECK(head->headers.at("content-length") == std::to_string(first.body.size()));
  for (const auto* name : {"content-security-policy", "x-content-type-options", "referrer-policy", "x-request-id"}) {
    CAPTURE(name);
    CHECK(first.headers.count(name) == 1);
  }
  CHECK(first.headers.count("access-control-allow-origin") == 0);
}

}  // namespace
}  // namespace telltale::test
