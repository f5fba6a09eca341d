#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string boiler = "/api/v1/devices/site1/boiler";

bool has(const HttpAnswer& answer, std::string_view part) { return answer.body.find(part) != std::string::npos; }

TEST_CASE("people give a device a name and a note, and take them away", "[api]") {
  RestBench bench;
  const auto changed = bench.order("PATCH", boiler, R"({"name":"The \"big\" boiler","note":"new seals in May"})");
  CHECK(changed.status == 200);
  CHECK(has(changed, R"("device":"boiler","name":"The \"big\" boiler","note":"new seals in May",)"));
  CHECK(bench.read(boiler).body == changed.body);
  CHECK(has(bench.read("/api/v1/devices"), R"("name":"The \"big\" boiler")"));
  CHECK(has(bench.order("PATCH", boiler, R"({"note":null})"), R"("name":"The \"big\" boiler","state")"));
  CHECK(has(bench.order("PATCH", boiler, "{}"), R"("name":"The \"big\" boiler","state")"));
  CHECK_FALSE(has(bench.order("PATCH", boiler, R"({"name":""})"), "\"name\""));
}

TEST_CASE("a device is changed only as it is believed to be, and by whoever may", "[api]") {
  RestBench bench;
  const auto patch = [&](const std::string& headers) {
    return bench.send("PATCH", boiler, R"({"name":"B"})", headers).status;
  };
  const auto etag = bench.read(boiler).headers.at("etag");
  const auto writes = bearer(bench.hand);
  CHECK(patch(writes + "If-Match: " + etag + "\r\n") == 200);
  CHECK(patch(writes + "If-Match: " + etag + "\r\n") == 412);
  CHECK(patch(bearer(bench.acme)) == 403);
  CHECK(patch(bearer(bench.key("rival", {.read = true, .write = true}))) == 404);
  CHECK(bench.order("PATCH", "/api/v1/devices/site1/nobody", "{}").status == 404);
}

TEST_CASE("what cannot be said about a device is refused, and nothing is changed", "[api]") {
  RestBench bench;
  const auto [body, status] = GENERATE(table<std::string, int>({
      {R"({"name":7})", 422},
      {R"({"name":"ok","colour":"red"})", 422},
      {R"({"name":")" + std::string(65, 'n') + "\"}", 422},
      {R"({"note":")" + std::string(1025, 'n') + "\"}", 422},
      {"[]", 400},
      {"", 415},
  }));
  CAPTURE(body);
  CHECK(bench.order("PATCH", boiler, body).status == status);
  CHECK_FALSE(has(bench.read(boiler), "\"name\""));
}

}  // namespace
}  // namespace telltale::test
