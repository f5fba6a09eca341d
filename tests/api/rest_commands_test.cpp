#include <catch2/catch.hpp>
#include <future>

#include "tests/api/rest_bench.hpp"
#include "tests/support/eventually.hpp"

namespace telltale::test {
namespace {

const std::string on = "/api/v1/devices/site1/boiler/commands/on";
const std::string config = "/api/v1/devices/site1/boiler/config";

std::string id_of(const std::string& payload) { return payload.substr(payload.find("c-"), 14); }

proto::DeviceReply reply_to(std::string_view name, std::string_view id) {
  proto::DeviceReply reply;
  reply.tenant = "acme";
  reply.site = "site1";
  reply.device = "boiler";
  reply.name = name;
  reply.id = id;
  return reply;
}

/// What `ask` is answered when nobody replies in time.
HttpAnswer unanswered(RestBench& bench, const std::function<HttpAnswer()>& ask) {
  auto asked = std::async(std::launch::async, ask);
  REQUIRE(eventually([&] {
    bench.clock.advance(Millis{60'000});
    bench.replies.expire();
    return asked.wait_for(Millis{1}) == std::future_status::ready;
  }));
  return asked.get();
}

TEST_CASE("a command goes to its device's topic and is answered when the broker has it", "[api]") {
  RestBench bench;
  const auto answer = bench.order("POST", on + "?ttl_s=7", "{ \"on\": true, \"level\": 1.50 }");
  CHECK(answer.status == 202);
  REQUIRE(bench.messenger.sent().size() == 1);
  const auto sent = bench.messenger.sent()[0];
  CHECK(sent.topic == "acme/cmd/site1/boiler/on");
  CHECK(sent.payload ==
        R"({"id":")" + id_of(answer.body) + R"(","ts":1763700000000,"ttl_s":7,"args":{"on":true,"level":1.50}})");
  CHECK(answer.body == R"({"id":")" + id_of(sent.payload) + "\"}");
  CHECK(sent.qos == 1);
  CHECK_FALSE(sent.retain);
  CHECK(sent.expiry_s == 7);
  CHECK(bench.order("POST", on).status == 202);
  CHECK(bench.messenger.sent()[1].payload.find("args") == std::string::npos);
  CHECK(bench.messenger.sent()[1].expiry_s == 30);
}

TEST_CASE("a command is waited for until its device has acknowledged it", "[api]") {
  RestBench bench;
  bench.messenger.attach([&](const proto::Outgoing& message) {
    const auto id = id_of(message.payload);
    for (auto [device, other] : {std::pair{"pump", id}, {"boiler", std::string("c-000000000000")}}) {
      auto foreign = reply_to("on", other);
      foreign.device = device;
      bench.replies.replied(foreign);
    }
    auto reply = reply_to("on", id);
    reply.ok = false;
    reply.code = 3;
    reply.msg = "too hot";
    bench.replies.replied(reply);
    bench.replies.replied(reply);  // once more: nobody waits
  });
  const auto answer = bench.order("POST", on + "?wait=5", "{}");
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"id":")" + id_of(answer.body) + R"(","ok":false,"code":3,"msg":"too hot"})");
}

TEST_CASE("of what a device says to a command the beginning is kept", "[api]") {
  RestBench bench;
  const std::string novel(60'000, 'x');
  bench.messenger.attach([&](const proto::Outgoing& message) {
    const auto id = id_of(message.payload);
    auto reply = reply_to("on", id);
    reply.msg = novel;
    bench.replies.replied(reply);
  });
  const auto answer = bench.order("POST", on + "?wait=5", "{}");
  CHECK(answer.body.find("\"msg\":\"" + novel.substr(0, 1024) + "\"") != std::string::npos);
}

TEST_CASE("a device that does not acknowledge in time is a 504", "[api]") {
  RestBench bench;
  const auto answer = unanswered(bench, [&] { return bench.order("POST", on + "?wait=5", "{}"); });
  CHECK(answer.status == 504);
  REQUIRE(eventually([&] { return !bench.messenger.sent().empty(); }));
  CHECK(answer.body.find(id_of(bench.messenger.sent()[0].payload)) != std::string::npos);
}

TEST_CASE("a command that the broker has not is not said to be sent", "[api]") {
  RestBench bench;
  const auto wait = GENERATE(as<std::string>(), "", "?wait=5");
  bench.messenger.lose_messages();
  CHECK(bench.order("POST", on + wait, "{}").status == 503);
  bench.messenger.disconnect();
  CHECK(bench.order("POST", on + wait, "{}").status == 503);
  CHECK(bench.messenger.sent().size() == 1);
}

TEST_CASE("what is no command is refused before it is sent", "[api]") {
  RestBench bench;
  const auto [path, headers, body, status] = GENERATE(table<std::string, std::string, std::string, int>({
      {on, "", "{\"on\":", 400},
      {on, "", "{} {}", 400},
      {on, "", "\"\xff\"", 400},
      {on, "Content-Type: text/plain\r\n", "{}", 415},
      {on, "", "\"" + std::string(150, 'x') + "\"", 422},
      {on + "?wait=0", "", "{}", 400},
      {on + "?wait=61", "", "{}", 400},
      {on + "?ttl_s=0", "", "{}", 400},
      {"/api/v1/devices/site1/boiler/commands/a%20b", "", "{}", 400},
      {"/api/v1/devices/site1/boiler/commands/%23", "", "{}", 400},
      {"/api/v1/devices/site1/nobody/commands/on", "", "{}", 404},
      {"/api/v1/devices/site9/vault/commands/on", "", "{}", 404},
      {on, "Idempotency-Key: " + std::string(256, 'k') + "\r\n", "{}", 400},
  }));
  CAPTURE(path, body);
  const auto answer = bench.send("POST", path, body, bearer(bench.hand) + headers);
  CHECK(answer.status == status);
  CHECK(answer.body.find(R"("pointer":"/")") == std::string::npos);  // would be the member "" (RFC 6901)
  CHECK(bench.send("POST", on, "{}", bearer(bench.acme)).status == 403);
  CHECK(bench.messenger.sent().empty());
}

TEST_CASE("a command that names itself is sent once", "[api]") {
  RestBench bench;
  const auto post = [&](const std::string& body) {
    return bench.send("POST", on, body, bearer(bench.hand) + "Idempotency-Key: k\r\n");
  };
  const auto first = post("{}");
  CHECK(first.status == 202);
  CHECK(post("{}").body == first.body);
  CHECK(post("{\"on\":true}").status == 422);
  CHECK(bench.messenger.sent().size() == 1);
}

TEST_CASE("a configuration is stored under a new version, read and removed", "[api]") {
  RestBench bench;
  const std::string before = R"({"version":7,"reported_version":6,"applied":false,"config":{"interval_s":60}})";
  const auto old = bench.read(config);
  CHECK(old.body == before);
  CHECK(bench.send("PUT", config, R"({"x":1})", bearer(bench.hand) + "If-Match: W/\"other\"\r\n").status == 412);
  const auto put = bench.send("PUT", config, R"({"interval_s": 30, "rate": 0.10})",
                              bearer(bench.hand) + "If-Match: " + old.headers.at("etag") + "\r\n");
  CHECK(put.status == 200);
  CHECK(put.body == R"({"version":8,"applied":false})");
  CHECK(bench.read(config).body ==
        R"({"version":8,"reported_version":6,"applied":false,"config":{"interval_s":30,"rate":0.10}})");
  CHECK(bench.order("PUT", config, "{}").status == 200);
  CHECK(bench.read(config).body == R"({"version":9,"reported_version":6,"applied":false,"config":{}})");
  CHECK(bench.get(config, bearer(bench.key("rival"))).status == 404);
  CHECK(bench.order("DELETE", config).status == 204);
  CHECK(bench.read(config).status == 404);
  CHECK(bench.order("DELETE", config).status == 404);
}

TEST_CASE("where topics name no tenant, a key of another one finds no configuration and removes none", "[api]") {
  RestBench bench({.tenancy = proto::Tenancy::single});
  const auto other = bearer(bench.key("rival", {.read = true, .write = true}));
  CHECK(bench.get(config, other).status == 404);
  CHECK(bench.send("DELETE", config, "", other).status == 404);
  CHECK(bench.send("PUT", config, "{}", other).status == 404);
  CHECK(bench.read(config).body.find("\"version\":7") != std::string::npos);
}

TEST_CASE("of two who change a configuration at the same time one hears that the other was first", "[api]") {
  RestBench bench;
  const auto wait = GENERATE(as<std::string>(), "", "?wait=5");
  const auto guarded = bearer(bench.hand) + "If-Match: " + bench.read(config).headers.at("etag") + "\r\n";
  bench.configs.let_another_come_first();  // behind the look at If-Match, before it is stored
  CHECK(bench.send("PUT", config + wait, "{}", guarded).status == 412);
  CHECK(bench.read(config).body.find("\"version\":99") != std::string::npos);
  bench.configs.answer_with(proto::ConfigOutcome::overtaken);
  CHECK(bench.order("PUT", config + wait, "{}").status == 409);
  const auto again = bearer(bench.hand) + "If-Match: " + bench.read(config).headers.at("etag") + "\r\n";
  CHECK(bench.send("DELETE", config, "", again).status == 412);
}

TEST_CASE("a configuration is waited for until its device names the version", "[api]") {
  RestBench bench;
  bench.configs.attach([&] { bench.replies.replied(reply_to("", "8")); });
  const auto applied = bench.order("PUT", config + "?wait=5", "{}");
  CHECK(applied.status == 200);
  CHECK(applied.body == R"({"version":8,"applied":true})");
  const auto late = unanswered(bench, [&] { return bench.order("PUT", config + "?wait=5", "{}"); });
  CHECK(late.status == 504);
  CHECK(eventually([&] { return bench.read(config).body.find("\"version\":9") != std::string::npos; }));
}

TEST_CASE("what is no configuration is refused, and one that cannot be written is not promised", "[api]") {
  RestBench bench;
  const auto [body, status] = GENERATE(table<std::string, int>({
      {"[]", 400},
      {"", 400},
      {"{", 400},
      {R"({"version":8})", 422},
      {R"({"text":")" + std::string(160, 'x') + "\"}", 422},
  }));
  CAPTURE(body);
  CHECK(bench.order("PUT", config, body).status == status);
  CHECK(bench.order("PUT", "/api/v1/devices/site1/nobody/config", "{}").status == 404);
  bench.configs.answer_with(proto::ConfigOutcome::failed);
  CHECK(bench.order("PUT", config, "{}").status == 503);
  CHECK(bench.order("PUT", config + "?wait=5", "{}").status == 503);
  CHECK(bench.order("DELETE", config).status == 503);
  CHECK(bench.read(config).body.find("\"version\":7") != std::string::npos);
}

TEST_CASE("waits for devices are bounded", "[api]") {
  SimulatedClock clock;
  api::DeviceReplies replies(clock, 2, 1);
  int told = 0;
  const auto count = [&](const std::optional<api::KeptReply>&) { ++told; };
  CHECK(replies.expect({"acme", "site1", "boiler", "on", "c-1"}, Millis{1000}, count));
  CHECK_FALSE(replies.expect({"acme", "site1", "boiler", "on", "c-2"}, Millis{1000}, count));
  CHECK(replies.expect({"acm", "site1", "boiler", "on", "c-2"}, Millis{1000}, count));
  CHECK_FALSE(replies.expect({"rival", "site1", "boiler", "on", "c-2"}, Millis{1000}, count));
  CHECK(replies.expire() == clock.steady_now() + Millis{1000});
  CHECK(told == 0);
  clock.advance(Millis{1000});
  CHECK_FALSE(replies.expire());
  CHECK(told == 2);
  CHECK_FALSE(replies.forget({"acme", "site1", "boiler", "on", "c-1"}));
}

}  // namespace
}  // namespace telltale::test
