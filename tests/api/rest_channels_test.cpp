#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string test_path = "/api/v1/channels/ops/test";

TEST_CASE("channels are shown to the tenants whose alerts they take, without their secrets", "[api]") {
  RestBench bench;
  CHECK(bench.read("/api/v1/channels").body ==
        R"({"items":[{"id":"ops","kind":"webhook","host":"https://hooks.example","severities":["critical"],)"
        R"("site":"*","device":"press-*","rule":"*","resolve":true,"group_wait_s":10,"repeat_s":14400,)"
        R"("rate_limit":20}]})");
}

TEST_CASE("a test message is answered by what became of it", "[api]") {
  RestBench bench;
  const auto taken = bench.order("POST", test_path);
  CHECK(taken.status == 200);
  CHECK(taken.body == R"({"detail":"200 OK","seconds":0.25})");
  bench.channels.answer_with({false, "500: on fire", 0.5});
  const auto failed = bench.order("POST", test_path);
  CHECK(failed.status == 502);
  CHECK(failed.body.find(R"("title":"Test delivery failed","status":502,"detail":"500: on fire")") !=
        std::string::npos);
  CHECK(bench.order("POST", "/api/v1/channels/theirs/test").status == 404);
  CHECK(bench.send("POST", test_path, "", bearer(bench.acme)).status == 403);
  bench.channels.refuse(api::ChannelDesk::Refusal::busy);
  CHECK(bench.order("POST", test_path).status == 503);
}

}  // namespace
}  // namespace telltale::test
