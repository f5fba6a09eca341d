#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "api/api_key.hpp"
#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string devices = "/api/v1/devices";

/// A problem without the path that was asked for and the request's id.
std::string without_instance(const std::string& body) { return body.substr(0, body.find("\"instance\"")); }

TEST_CASE("a key is needed, as a bearer or in X-API-Key", "[api]") {
  RestBench bench;
  CHECK(bench.get(devices, bearer(bench.acme)).status == 200);
  CHECK(bench.get(devices, "authorization: bearer " + bench.acme + "\r\n").status == 200);
  CHECK(bench.get(devices, "X-API-Key: " + bench.acme + "\r\n").status == 200);
  auto wrong = bench.acme;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const std::string nobody = "tt_" + std::string(12, '0') + "_" + std::string(64, '0');
  for (const auto& headers : {std::string(), bearer(wrong), bearer(nobody), bearer(""), bearer("x"),
                              "Authorization: Basic " + bench.acme + "\r\n", "X-API-Key: " + wrong + "\r\n"}) {
    CAPTURE(headers);
    const auto answer = bench.get(devices, headers);
    CHECK(answer.status == 401);
    CHECK(answer.headers.at("www-authenticate") == "Bearer realm=\"telltale\"");
    CHECK(answer.body.find("urn:telltale:problem:unauthorized") != std::string::npos);
  }
  CHECK(bench.get("/api/v1/openapi.json").status == 200);
}

TEST_CASE("an unknown key, a wrong secret and a revoked key get the same words", "[api]") {
  RestBench bench;
  auto wrong = bench.acme;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const auto revoked = bench.key("acme");
  REQUIRE(bench.keys->revoke(api::parse_api_key(revoked)->id, bench.clock.now()));
  std::set<std::string> words;
  for (const auto& key : {wrong, revoked, "tt_" + std::string(12, '0') + "_" + std::string(64, '0')}) {
    words.insert(bench.get(devices, bearer(key) + "X-Request-Id: same\r\n").body);
  }
  CHECK(words.size() == 1);
}

TEST_CASE("a key that another process revokes is refused at the next request", "[api]") {
  RestBench bench;
  const auto key = bench.key("acme");
  HttpClient client(bench.port());  // one connection: nothing is remembered with it
  CHECK(client.get(devices, bearer(key))->status == 200);
  REQUIRE(bench.keys->revoke(api::parse_api_key(key)->id, bench.clock.now()));
  CHECK(client.get(devices, bearer(key))->status == 401);
  CHECK_FALSE(bench.keys->revoke(api::parse_api_key(key)->id, bench.clock.now()));
  CHECK(client.get(devices, bearer(bench.acme))->status == 200);
}

TEST_CASE("scopes are told apart", "[api]") {
  RestBench bench;
  CHECK(bench.get(devices, bearer(bench.key("acme", {.write = true, .admin = true}))).status == 403);
  CHECK(bench.get(devices, bearer(bench.key("acme", {.read = true}))).status == 200);
}

TEST_CASE("only a client of this machine may come without a key, and only when that is configured", "[api]") {
  RestBench bench({.gate = {.anonymous_loopback = true, .requests_per_second = 0}});
  CHECK(bench.get(devices).body == R"({"items":[]})");  // tenant `default`, which has nothing here
  const auto [headers, status] = GENERATE(table<std::string, int>({
      {"X-Forwarded-For: 192.0.2.1\r\n", 401},  // a proxy speaks for somebody else
      {"Forwarded: for=192.0.2.1\r\n", 401},
      {"Origin: https://evil.example\r\n", 401},
      {"Origin: null\r\n", 401},
      {"Origin: http://127.0.0.1:8080\r\n", 200},
      {"Authorization: Bearer nonsense\r\n", 401},  // whoever shows a key is meant by it
  }));
  CAPTURE(headers);
  CHECK(bench.get(devices, headers).status == status);
}

TEST_CASE("a web page whose name was made to lead here is not a client of this machine", "[api]") {
  RestBench bench({.gate = {.anonymous_loopback = true, .requests_per_second = 0}});
  const auto [host, status] = GENERATE(table<std::string, int>({
      {"localhost", 200},
      {"LocalHost:8080", 200},
      {"127.0.0.1:8080", 200},
      {"[::1]:8080", 200},
      {"evil.example", 401},
      {"127.0.0.1.evil.example", 401},
      {"localhost.evil.example", 401},
      {"[::2]", 401},
  }));
  CAPTURE(host);
  HttpClient client(bench.port());
  client.send("GET " + devices + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  CHECK(client.receive()->status == status);
}

TEST_CASE("a key that asks too often waits, others do not", "[api]") {
  RestBench bench({.gate = {.anonymous_loopback = true, .requests_per_second = 1}});
  const auto key = bench.key("acme");
  CHECK(bench.get(devices, bearer(key)).status == 200);
  CHECK(bench.get(devices, bearer(key)).status == 200);
  const auto refused = bench.get(devices, bearer(key));
  CHECK(refused.status == 429);
  CHECK(refused.headers.at("retry-after") == "1");
  CHECK(bench.get(devices, bearer(bench.acme)).status == 200);
  CHECK(bench.get(devices).status == 200);
  bench.clock.advance(Millis{1000});
  CHECK(bench.get(devices, bearer(key)).status == 200);
}

TEST_CASE("wrong keys from one address are told to wait, right ones are served", "[api]") {
  RestBench bench({.gate = {.anonymous_loopback = false, .requests_per_second = 0, .failures_per_second = 1}});
  CHECK(bench.get(devices, bearer("wrong")).status == 401);
  CHECK(bench.get(devices).status == 401);
  const auto refused = bench.get(devices, bearer("wrong"));
  CHECK(refused.status == 429);
  CHECK(refused.headers.at("retry-after") == "1");
  CHECK(bench.get(devices, bearer(bench.acme)).status == 200);
  bench.clock.advance(Millis{1000});
  CHECK(bench.get(devices).status == 401);
}

TEST_CASE("a cursor carries no rights", "[api]") {
  RestBench bench;
  const auto page = bench.read(devices + "?limit=1").body;
  const auto at = page.find(R"("next":")") + 8;
  const auto cursor = page.substr(at, page.find('"', at) - at);
  CHECK(bench.get(devices + "?limit=1&cursor=" + cursor, bearer(bench.key("rival"))).body.find("pump") ==
        std::string::npos);
}

TEST_CASE("nothing of another tenant can be changed, and no answer tells that it is there", "[api]") {
  RestBench bench;
  const auto rival = bench.key("rival", {.read = true, .write = true});
  const auto hot = std::string("/api/v1/alerts/") + DeskDouble::hot;
  const std::string nowhere = "/api/v1/alerts/a-0123456789abcdef";
  for (const auto& [method, path, other] :
       {std::tuple{"POST", hot + "/ack", nowhere + "/ack"}, std::tuple{"POST", hot + "/silence", nowhere + "/silence"},
        std::tuple{"DELETE", std::string("/api/v1/silences/works"), std::string("/api/v1/silences/nothing")}}) {
    CAPTURE(path);
    const auto foreign = bench.send(method, path, "", bearer(rival));
    CHECK(foreign.status == 404);
    CHECK(without_instance(foreign.body) == without_instance(bench.send(method, other, "", bearer(rival)).body));
    CHECK(bench.send(method, path, "", bearer(bench.acme)).status == 403);  // a key that may only read
  }
  CHECK(bench.desk.orders() == 0);
}

TEST_CASE("keys are nowhere in the logs and not in the file", "[api]") {
  RestBench bench;
  (void)bench.read(devices);
  (void)bench.get(devices + "?" + bench.acme, bearer(bench.acme));
  const auto secret = api::parse_api_key(bench.acme)->secret;
  CHECK(bench.log.count_containing(secret) == 0);
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder.path())) {
    if (!entry.path().filename().string().starts_with("keys.db")) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    CAPTURE(entry.path());
    CHECK(bytes.str().find(secret) == std::string::npos);
    CHECK((std::filesystem::status(entry.path()).permissions() &
           (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) == std::filesystem::perms::none);
  }
}

}  // namespace
}  // namespace telltale::test
