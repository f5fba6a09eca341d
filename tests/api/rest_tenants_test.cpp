#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string tenants = "/api/v1/tenants";

std::string member(const HttpAnswer& answer, const char* name) {
  rapidjson::Document body;
  body.Parse(answer.body.c_str());
  REQUIRE(body.IsObject());
  REQUIRE(body.HasMember(name));
  return body[name].GetString();
}

std::string admin(RestBench& bench, const std::string& tenant) { return bearer(bench.key(tenant, {.admin = true})); }

TEST_CASE("a key that is made over HTTP is shown once, works, and ends when it is revoked", "[api]") {
  RestBench bench;
  const auto keys = tenants + "/acme/keys";
  const auto asker = admin(bench, "acme");
  const auto made = bench.send("POST", keys, R"({"name":"hall \"B\"","scopes":["read","write"]})", asker);
  REQUIRE(made.status == 201);
  CHECK(made.headers.at("cache-control") == "no-store");
  const auto key = member(made, "key");
  const auto id = member(made, "id");
  CHECK(made.headers.at("location") == keys + "/" + id);
  CHECK(bench.get("/api/v1/devices", bearer(key)).body.find("boiler") != std::string::npos);

  const auto listed = bench.get(keys, asker).body;
  CHECK(listed.find(R"({"id":")" + id +
                    R"(","name":"hall \"B\"","scopes":["read","write"],"created_ts":1763700000000})") !=
        std::string::npos);
  CHECK(listed.find(key) == std::string::npos);
  CHECK(bench.log.count_containing(id) == 1);
  CHECK(bench.log.count_containing(key) == 0);

  CHECK(bench.send("DELETE", keys + "/" + id, "", asker).status == 204);
  CHECK(bench.get("/api/v1/devices", bearer(key)).status == 401);
  CHECK(bench.get(keys, asker).body.find(R"("revoked_ts":1763700000000)") != std::string::npos);
  CHECK(bench.send("DELETE", keys + "/" + id, "", asker).status == 404);
}

TEST_CASE("keys are listed page by page, the oldest first", "[api]") {
  RestBench bench;
  const auto first = bench.get(tenants + "/acme/keys?limit=1", bearer(bench.chief));
  CHECK(first.body.find(RestBench::acme_key) != std::string::npos);
  std::size_t pages = 1;
  for (auto answer = first; answer.body.find("\"next\"") != std::string::npos; ++pages) {
    answer = bench.get(tenants + "/acme/keys?limit=1&cursor=" + member(answer, "next"), bearer(bench.chief));
    CHECK(answer.body.find(RestBench::acme_key) == std::string::npos);
  }
  CHECK(pages == 3);  // and those of read() and order()
}

TEST_CASE("an administrator of a tenant has a say over its keys and sees no other tenant", "[api]") {
  RestBench bench;
  const auto rival = admin(bench, "rival");
  CHECK(bench.get(tenants, rival).body == R"({"items":[{"name":"rival","devices":1,"keys":1}]})");
  CHECK(bench.get(tenants + "/rival", rival).status == 200);
  CHECK(bench.send("POST", tenants + "/rival/keys", R"({"name":"hall"})", rival).status == 201);
  for (const std::string name : {"acme", "default", "nobodys"}) {
    CAPTURE(name);
    CHECK(bench.get(tenants + "/" + name, rival).status == 404);
    CHECK(bench.get(tenants + "/" + name + "/keys", rival).status == 404);
    CHECK(bench.send("POST", tenants + "/" + name + "/keys", R"({"name":"hall"})", rival).status == 404);
    CHECK(bench.send("DELETE", tenants + "/" + name, "", rival).status == 404);
  }
  CHECK(bench.send("DELETE", tenants + "/acme/keys/" + RestBench::acme_key, "", rival).status == 404);
  CHECK(bench.send("DELETE", tenants + "/rival/keys/" + RestBench::acme_key, "", rival).status == 404);
  CHECK(bench.send("POST", tenants, R"({"name":"fresh"})", rival).status == 403);
  CHECK(bench.send("DELETE", tenants + "/rival", "", rival).status == 403);
  CHECK_FALSE(bench.keys->find(RestBench::acme_key)->revoked);
  CHECK(bench.intake.removed().empty());
}

TEST_CASE("an administrator of the tenant default says which tenants there are", "[api]") {
  RestBench bench;
  const auto chief = bearer(bench.chief);
  CHECK(bench.get(tenants, chief).body ==
        R"({"items":[{"name":"acme","devices":3,"keys":3},{"name":"default","devices":0,"keys":1},)"
        R"({"name":"rival","devices":1,"keys":0},{"name":"spare","devices":0,"keys":1,"created_ts":1763700000000}]})");
  const auto made = bench.send("POST", tenants, R"({"name":"fresh"})", chief);
  CHECK(made.status == 201);
  CHECK(made.headers.at("location") == tenants + "/fresh");
  CHECK(made.body == R"({"name":"fresh","devices":0,"keys":0,"created_ts":1763700000000})");
  CHECK(bench.send("POST", tenants, R"({"name":"fresh"})", chief).status == 409);
  CHECK(bench.send("DELETE", tenants + "/default", "", chief).status == 403);
  const auto page = bench.get(tenants + "?limit=2", chief);
  CHECK(bench.get(tenants + "?limit=2&cursor=" + member(page, "next"), chief).body.find("\"fresh\"") !=
        std::string::npos);
}

TEST_CASE("a tenant goes with its keys and its data", "[api]") {
  RestBench bench;
  const auto chief = bearer(bench.chief);
  CHECK(bench.send("DELETE", tenants + "/spare", "", chief).status == 204);
  CHECK(bench.keys->find(RestBench::spare_key)->revoked);
  CHECK_FALSE(bench.keys->find(RestBench::acme_key)->revoked);
  CHECK(bench.intake.removed() == std::vector<std::string>{"spare/-/- by test"});
  CHECK(bench.get(tenants + "/spare", chief).status == 404);
  CHECK(bench.send("DELETE", tenants + "/spare", "", chief).status == 404);
}

TEST_CASE("a key that cannot be made is refused, and every fault is named", "[api]") {
  RestBench bench;
  const auto [body, pointer] = GENERATE(table<std::string, std::string>({
      {R"({})", "/name"},
      {R"({"name":""})", "/name"},
      {R"({"name":"a\nb"})", "/name"},
      {R"({"name":"x","scopes":[]})", "/scopes"},
      {R"({"name":"x","scopes":["read","root"]})", "/scopes"},
      {R"({"name":"x","scopes":"read"})", "/scopes"},
      {R"({"name":"x","scopes":[1]})", "/scopes"},
      {R"({"name":"x","scopes":["read","read","read","read"]})", "/scopes"},
      {R"({"name":"x","tenant":"rival"})", "/tenant"},
  }));
  CAPTURE(body);
  const auto answer = bench.send("POST", tenants + "/acme/keys", body, bearer(bench.chief));
  CHECK(answer.status == 422);
  CHECK(answer.body.find("{\"pointer\":\"" + pointer + "\"") != std::string::npos);
  CHECK(bench.keys->all().size() == 5);  // the bench's own
}

TEST_CASE("with one tenant there is `default`, and no other is made", "[api]") {
  RestBench bench;
  api::HttpServer single({.port = 0},
                         api::tenant_routes({*bench.gate, *bench.keyring, *bench.archive, bench.intake,
                                             proto::Tenancy::single, bench.clock, bench.log}),
                         bench.clock, bench.log, bench.metrics);
  single.start();
  HttpClient client(single.port());
  CHECK(client.get(tenants, bearer(bench.chief))->body == R"({"items":[{"name":"default","devices":0,"keys":1}]})");
  CHECK(client.get(tenants + "/acme", bearer(bench.chief))->status == 404);
  client.send("POST " + tenants + " HTTP/1.1\r\nHost: localhost\r\n" + bearer(bench.chief) +
              "Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"name\":\"fresh\"}");
  CHECK(client.receive()->status == 403);
  single.stop();
}

}  // namespace
}  // namespace telltale::test
