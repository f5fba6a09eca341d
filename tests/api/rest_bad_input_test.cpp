#include <catch2/catch.hpp>
#include <random>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

TEST_CASE("what cannot be answered is a problem that names the parameter", "[api]") {
  RestBench bench;
  const std::string series = "/api/v1/devices/site1/boiler/temperature";
  const auto [path, status, part] = GENERATE_COPY(table<std::string, int, std::string>({
      {"/api/v1/query?step=1m&step=2m", 400, R"({"parameter":"step","detail":"is given twice"})"},
      {"/api/v1/query?from=tomorrow&agg=median", 400, R"("detail":"3 parameters are wrong")"},
      {"/api/v1/query?from=now&to=now-1h", 400, R"("parameter":"from","detail":"is after to)"},
      {"/api/v1/query?agg=avg", 400, R"("parameter":"agg","detail":"needs step)"},
      {"/api/v1/query?method=lttb", 400, R"("parameter":"method","detail":"needs points)"},
      {"/api/v1/query?points=10&step=1m", 400, R"("parameter":"points")"},
      {"/api/v1/query?points=1", 400, R"("parameter":"points")"},
      {"/api/v1/query?step=0s", 400, R"("parameter":"step")"},
      {"/api/v1/query?shape=tall", 400, R"('tall' is none of long wide)"},
      {"/api/v1/query?shape=wide", 400, R"("parameter":"site")"},
      {"/api/v1/query?metric=a%20b", 400, R"("parameter":"metric")"},
      {"/api/v1/query?device=%0d%0aSet-Cookie:x", 400, R"("parameter":"device")"},
      {"/api/v1/query?device=boiler&metric=nothing", 404, "there is no such metric"},
      {"/api/v1/query?from=0&to=now%2B9000000d", 400, R"("parameter":"to")"},
      {"/api/v1/devices?cursor=00", 400, R"("parameter":"cursor")"},
      {"/api/v1/devices?cursor='%20or%201=1", 400, R"("parameter":"cursor")"},
      {"/api/v1/devices?limit=1001", 400, R"("parameter":"limit")"},
      {"/api/v1/devices?state=asleep", 400, R"("parameter":"state")"},
      {"/api/v1/devices/site1", 404, "nothing is served at this path"},
      {"/api/v1/devices//boiler", 404, "nothing is served at this path"},
      {"/api/v1/devices/site1/boiler/", 404, "nothing is served at this path"},
      {"/api/v1/devices/..%2f..%2fetc%2fpasswd/x", 404, "nothing is served at this path"},
      {"/api/v1/devices/../../etc/passwd", 404, "urn:telltale:problem:not-found"},
      {"/api/v1/devices/site1/BOILER", 404, "there is no such device"},
      {"/api/v1/devices/site1/%ff%fe", 404, "there is no such device"},
      {"/api/v1/", 404, "nothing is served at this path"},
      {series + "/hours?utc_offset=1.5", 400, R"("parameter":"utc_offset")"},
      {series + "/hours?utc_offset=841", 400, R"("parameter":"utc_offset")"},
      {series + "/completeness?period=1x", 400, R"("parameter":"period")"},
      {series + "/completeness?from=now", 400, R"("parameter":"from")"},
      {series + "/anomalies?z=inf", 400, R"("parameter":"z")"},
      {series + "/fortune", 404, "nothing is served at this path"},
  }));
  CAPTURE(path);
  const auto answer = bench.read(path);
  CHECK(answer.status == status);
  CHECK(answer.headers.at("content-type") == "application/problem+json");
  CHECK(answer.headers.count("set-cookie") == 0);
  CHECK(answer.body.find(part) != std::string::npos);
}

TEST_CASE("an answer that would be too long is refused before it is made, with what to do", "[api]") {
  const auto [limits, path, part] = GENERATE(table<api::RestLimits, std::string, std::string>({
      {{.rows = 50}, "/api/v1/query?from=0", "up to 55 rows, 50 are the most"},
      {{.rows = 50}, "/api/v1/query?from=0&metric=temperature", "up to 53 rows"},
      {{.rows = 2}, "/api/v1/query?from=0&metric=word&to=now", ""},
      {{.rows = 10}, "/api/v1/query?from=0&step=1h&metric=temperature", "up to 53 rows"},
      {{.rows = 3}, "/api/v1/query?from=now-2h&step=1h&metric=on", ""},
      {{.series = 2}, "/api/v1/query", "6 series match, 2 may be asked at once"},
      {{.readings = 10}, "/api/v1/query?from=0&points=5", "55 readings would have to be read"},
      {{.rows = 5}, "/api/v1/latest", "6 series match, 5 rows are the most"},
      {{.series = 2}, "/api/v1/statistics", "6 rows, 2 are the most"},
      {{.readings = 10}, "/api/v1/devices/site1/boiler/temperature/hours", "51 readings"},
      {{.anomalies = 0}, "/api/v1/devices/site1/boiler/temperature/anomalies?from=0", "1 readings are that far out"},
  }));
  CAPTURE(path);
  RestBench::Options options;
  options.limits = limits;
  RestBench bench(std::move(options));
  const auto answer = bench.read(path);
  CHECK(answer.status == (part.empty() ? 200 : 422));
  if (!part.empty()) CHECK(answer.body.find("urn:telltale:problem:too-many-points") != std::string::npos);
  CHECK(answer.body.find(part) != std::string::npos);
}

TEST_CASE("a long range with a short step costs what is stored, not what could be", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/query?from=0&step=1ms&metric=on").status == 200);
  CHECK(bench.read("/api/v1/query?from=0&step=1000000d&metric=on").status == 200);
  CHECK(bench.read("/api/v1/query?from=9e18").status == 400);  // behind now
}

TEST_CASE("any bytes in a body are answered with a problem, and nothing is ordered", "[api]") {
  RestBench bench;
  const std::string good =
      R"({"name":"works","site":"*","from":"now","until":1863700000000,"by":"ana","comment":"\u00e9"})";
  std::mt19937 random(7);
  const auto upto = [&](std::size_t last) { return std::uniform_int_distribution<std::size_t>(0, last)(random); };
  HttpClient client(bench.port());
  for (int i = 0; i < 500; ++i) {
    auto body = good.substr(0, upto(good.size()));
    for (auto n = upto(3); n > 0 && !body.empty(); --n) body[upto(body.size() - 1)] = static_cast<char>(upto(255));
    if (i % 50 == 0) body = std::string(20'000, i % 100 == 0 ? '[' : '{');
    if (body == good || body.empty()) continue;
    client.send("POST /api/v1/silences HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n" + bearer(bench.hand) + "\r\n" + body);
    const auto answer = client.receive();
    CAPTURE(i, body);
    REQUIRE(answer);
    CHECK((answer->status == 400 || answer->status == 422));
    CHECK(answer->headers.at("content-type") == "application/problem+json");
  }
  CHECK(bench.desk.orders() == 0);
}

TEST_CASE("a compressed body is refused, whole or cut short", "[api]") {
  RestBench bench;
  const auto path = GENERATE(as<std::string>(), "/api/v1/silences", "/api/v1/telemetry/site1/boiler");
  const std::string gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x2a\x49\xcd\x2d\x50\xb2\x32\x02\x00", 21);
  for (const auto size : {gzip.size(), gzip.size() / 2}) {
    const auto answer = bench.send("POST", path, gzip.substr(0, size),
                                   bearer(bench.hand) + "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
    CHECK(answer.status == 415);
    CHECK(answer.headers.at("content-type") == "application/problem+json");
    if (path.find("silences") != std::string::npos)  // what a message says is decided behind the intake
      CHECK(bench.send("POST", path, gzip.substr(0, size), bearer(bench.hand)).status == 400);
  }
  CHECK(bench.desk.orders() == 0);
}

TEST_CASE("methods other than GET and HEAD are refused by name", "[api]") {
  RestBench bench;
  const auto method = GENERATE(as<std::string>(), "POST", "PUT", "DELETE", "PATCH", "BREW");
  HttpClient client(bench.port());
  client.send(method + " /api/v1/devices HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n" + bearer(bench.acme) + "\r\n");
  const auto answer = client.receive();
  CHECK(answer->status == 405);
  CHECK(answer->headers.at("allow") == "GET, HEAD");
}

TEST_CASE("an answer names the first faults of a body, not ten thousand", "[api]") {
  RestBench bench;
  std::string body = "{\"until\":1";
  for (int i = 0; i < 8000; ++i) body += ",\"a\":1";
  const auto answer = bench.order("POST", "/api/v1/silences", body + "}");
  CHECK(answer.status == 422);
  CHECK(answer.body.find("\"pointer\":\"/a\"") != std::string::npos);
  CHECK(answer.body.find(" members are wrong") != std::string::npos);
  CHECK(answer.body.size() < 16 * 1024);
}

}  // namespace
}  // namespace telltale::test
