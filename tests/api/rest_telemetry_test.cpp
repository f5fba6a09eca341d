#include <catch2/catch.hpp>
#include <future>

#include "api/remembered_answers.hpp"
#include "tests/api/rest_bench.hpp"
#include "tests/support/eventually.hpp"

namespace telltale::test {
namespace {

using proto::DeadLetterReason;
using proto::Outcome;

const std::string boiler = "/api/v1/telemetry/site1/boiler";

TEST_CASE("a posted reading goes the way of a message and is answered by its receipt", "[api]") {
  RestBench bench;
  const auto answer = bench.order("POST", boiler, R"([{"temperature":21},{"temperature":22,"x":[]}])");
  CHECK(answer.status == 202);
  CHECK(answer.body == R"({"accepted":2,"rejected":1})");
  const auto posted = bench.intake.posted();
  REQUIRE(posted.size() == 1);
  CHECK(posted[0].tenant == "acme");
  CHECK(posted[0].site == "site1");
  CHECK(posted[0].device == "boiler");
  CHECK(posted[0].payload == R"([{"temperature":21},{"temperature":22,"x":[]}])");
}

TEST_CASE("a message that became a dead letter is refused with its reason", "[api]") {
  RestBench bench;
  const auto [reason, status] = GENERATE(table<DeadLetterReason, int>({
      {DeadLetterReason::bad_json, 400},
      {DeadLetterReason::bad_utf8, 400},
      {DeadLetterReason::too_large, 413},
      {DeadLetterReason::wrong_shape, 422},
      {DeadLetterReason::too_many_metrics, 422},
      {DeadLetterReason::too_many_rows, 422},
      {DeadLetterReason::too_deep, 422},
      {DeadLetterReason::too_late, 422},
      {DeadLetterReason::series_limit, 422},
      {DeadLetterReason::device_limit, 422},
  }));
  bench.intake.answer_with(proto::Receipt{Outcome::dead_letter, 0, 0, reason, "byte 7: so and so"});
  const auto answer = bench.order("POST", boiler, "{}");
  CHECK(answer.status == status);
  CHECK(answer.body.find(std::string(to_string(reason)) + ": byte 7: so and so") != std::string::npos);
}

TEST_CASE("what is no message is refused before it is taken", "[api]") {
  RestBench bench;
  const auto [path, headers, body, status] = GENERATE(table<std::string, std::string, std::string, int>({
      {boiler, "Content-Type: text/plain\r\n", "21", 415},
      {boiler, "Content-Encoding: gzip\r\n", "\x1f\x8b", 415},
      {boiler, "", "", 415},
      {boiler, "", std::string(64 * 1024 + 1, ' '), 413},
      {boiler + "?ts=1", "", "{}", 400},
      {boiler, "Idempotency-Key: " + std::string(256, 'k') + "\r\n", "{}", 400},
      {"/api/v1/telemetry/SITE/boiler", "", "{}", 400},
      {"/api/v1/telemetry/site1/-", "", "{}", 400},
      {"/api/v1/telemetry/site1/a%2Fb", "", "{}", 404},
  }));
  CAPTURE(path, headers);
  CHECK(bench.send("POST", path, body, bearer(bench.hand) + headers).status == status);
  CHECK(bench.send("POST", boiler, "{}", bearer(bench.acme)).status == 403);
  CHECK(bench.send("POST", boiler, "{}", "").status == 401);
  CHECK(bench.intake.posted().empty());
}

TEST_CASE("where there is one tenant, a key of another has nowhere to write", "[api]") {
  RestBench bench;
  auto parts = bench.parts();
  parts.tenancy = proto::Tenancy::single;
  api::HttpOptions http;
  http.port = 0;
  api::HttpServer single(http, api::rest_routes(parts), bench.clock, bench.log, bench.metrics);
  single.start();
  HttpClient client(single.port());
  client.send("POST " + boiler + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" +
              bearer(bench.hand) + "\r\n{}");
  CHECK(client.receive()->status == 403);
  CHECK(bench.intake.posted().empty());
}

TEST_CASE("nothing is accepted that could not be written", "[api]") {
  RestBench bench;
  bench.intake.answer_with(std::nullopt);
  CHECK(bench.order("POST", boiler, "{}").status == 503);
  bench.intake.have_problem("disk full");
  const auto answer = bench.order("POST", boiler, "{}");
  CHECK(answer.status == 503);
  CHECK(answer.headers.at("retry-after") == "1");
  CHECK(answer.body.find("disk full") != std::string::npos);
  CHECK(bench.intake.posted().size() == 1);
}

TEST_CASE("a request that names itself is done once", "[api]") {
  RestBench bench;
  const auto post = [&](const std::string& key, const std::string& body, const std::string& who) {
    return bench.send("POST", boiler, body, bearer(who) + "Idempotency-Key: " + key + "\r\n");
  };
  const auto first = post("k1", R"({"t":1})", bench.hand);
  const auto again = post("k1", R"({"t":1})", bench.hand);
  CHECK(first.status == 202);
  CHECK(again.status == 202);
  CHECK(again.body == first.body);
  CHECK(bench.intake.posted().size() == 1);
  CHECK(post("k1", R"({"t":2})", bench.hand).status == 422);
  CHECK(post("k2", R"({"t":1})", bench.hand).status == 202);
  CHECK(post("k1", R"({"t":1})", bench.key("rival", {.write = true})).status == 202);  // somebody else's key
  CHECK(bench.intake.posted().size() == 3);
  bench.intake.answer_with(std::nullopt);
  CHECK(post("k3", "{}", bench.hand).status == 503);
  CHECK(post("k3", "{}", bench.hand).status == 503);  // not done, so tried again
  CHECK(bench.intake.posted().size() == 5);
}

TEST_CASE("posts that wait for the disk keep no thread, and a repetition meanwhile is told so", "[api]") {
  RestBench::Options options;
  options.workers = 1;
  RestBench bench(std::move(options));
  bench.intake.hold();
  auto waiting = std::async(std::launch::async, [&] {
    return bench.send("POST", boiler, "{}", bearer(bench.hand) + "Idempotency-Key: k\r\n");
  });
  REQUIRE(eventually([&] { return bench.intake.posted().size() == 1; }));
  CHECK(bench.read("/api/v1/devices").status == 200);  // the one worker is free
  const auto busy = bench.send("POST", boiler, "{}", bearer(bench.hand) + "Idempotency-Key: k\r\n");
  CHECK(busy.status == 409);
  bench.intake.release();
  CHECK(waiting.get().status == 202);
}

TEST_CASE("an answer that never comes is not waited for when the server stops", "[api]") {
  RestBench bench;
  bench.intake.hold();
  HttpClient client(bench.port());
  client.send("POST " + boiler + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" +
              bearer(bench.hand) + "\r\n{}");
  REQUIRE(eventually([&] { return bench.intake.posted().size() == 1; }));
  bench.server->stop();
  CHECK(client.until_closed().empty());
  bench.intake.release();  // late: nobody waits any more
}

TEST_CASE("remembered answers are bounded in number and time", "[api]") {
  api::RememberedAnswers remembered(2, Millis{1000});
  using R = api::RememberedAnswers;
  const std::chrono::steady_clock::time_point now{};
  const auto is_fresh = [&](const char* key, Millis at) {
    if (!std::holds_alternative<R::Fresh>(remembered.begin(key, "f", now + at))) return false;
    remembered.end(key, api::Response{});
    return true;
  };
  CHECK(is_fresh("a", Millis{0}));
  CHECK(is_fresh("b", Millis{1}));
  CHECK_FALSE(is_fresh("b", Millis{1}));  // makes room for one more, which it is not
  CHECK(is_fresh("c", Millis{2}));
  CHECK(is_fresh("a", Millis{3}));
  CHECK_FALSE(is_fresh("a", Millis{900}));
  CHECK(is_fresh("a", Millis{1004}));
}

TEST_CASE("a device is deleted by whoever may write, and only as it is believed to be", "[api]") {
  RestBench bench;
  const std::string device = "/api/v1/devices/site1/boiler";
  const auto etag = bench.read(device).headers.at("etag");
  const auto writes = bearer(bench.hand);
  CHECK(bench.send("DELETE", device, "", writes + "If-Match: W/\"other\"\r\n").status == 412);
  CHECK(bench.send("DELETE", device, "", bearer(bench.acme)).status == 403);
  CHECK(bench.send("DELETE", device, "", bearer(bench.key("rival", {.write = true}))).status == 404);
  CHECK(bench.order("DELETE", "/api/v1/devices/site1/nobody").status == 404);
  CHECK(bench.order("DELETE", "/api/v1/devices/site1/-").status == 404);
  CHECK(bench.intake.removed().empty());
  CHECK(bench.send("DELETE", device, "", writes + "If-Match: " + etag + "\r\n").status == 204);
  CHECK(bench.order("DELETE", device).status == 204);
  CHECK(bench.intake.removed() == std::vector<std::string>(2, "acme/site1/boiler by test"));
}

TEST_CASE("rules are read as they are in force, by whom they concern", "[api]") {
  RestBench bench;
  const std::string rule =
      R"({"name":"too-hot","severity":"critical","site":"*","device":"*","metric":"temperature","tags":{},"except":[],)"
      R"("check":{"type":"threshold","above":80,"clear":75},"for_s":2,"cooldown_s":0,"escalate":[]})";
  CHECK(bench.read("/api/v1/rules").body == "{\"items\":[" + rule + "]}");
  CHECK(bench.read("/api/v1/rules/too-hot").body == rule);
  CHECK(bench.read("/api/v1/rules/secret").status == 404);
  CHECK(bench.get("/api/v1/rules/secret", bearer(bench.key("rival"))).status == 200);
}

}  // namespace
}  // namespace telltale::test
