#include <rapidjson/document.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <map>
#include <set>

#include "api/openapi.hpp"
#include "tests/api/json_schema.hpp"
#include "tests/api/rest_bench.hpp"
#include "tests/support/eventually.hpp"

namespace telltale::test {
namespace {

const rapidjson::Document& description() {
  static const auto parsed = [] {
    rapidjson::Document document;
    document.Parse(api::openapi_json.data(), api::openapi_json.size());
    if (document.HasParseError()) throw std::runtime_error("openapi.json is no JSON");
    return document;
  }();
  return parsed;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
  return text;
}

using Names = std::vector<std::pair<std::string, std::string>>;

std::string filled(std::string path, const Names& names) {
  for (const auto& [what, by] : names) path = replaced(std::move(path), what, by);
  return path;
}

/// The path of something that there is.
std::string existing(const std::string& path) {
  if (path.find("/channels/") != std::string::npos) return filled(path, {{"{id}", "ops"}});
  return filled(path, {{"{site}", "site1"},
                       {"{device}", "boiler"},
                       {"{metric}", "temperature"},
                       {"{id}", DeskDouble::hot},
                       {"{rule}", "too-hot"},
                       {"{name}", "works"},
                       {"{tenant}", RestBench::spare_tenant},
                       {"{key}", RestBench::spare_key}});
}

/// A question about something that there is not.
std::string missing(const std::string& path) {
  auto nowhere = filled(path, {{"{site}", "site1"},
                               {"{device}", "nobody"},
                               {"{metric}", "temperature"},
                               {"{id}", "a-0000000000000000"},
                               {"{rule}", "nothing"},
                               {"{name}", "nothing"},
                               {"{tenant}/keys/{key}", std::string(RestBench::spare_tenant) + "/keys/nothing"},
                               {"{tenant}", "nobodys"}});
  return nowhere == path ? path + "?device=nobody" : nowhere;
}

/// What is sent to change something: a body that is followed, one that says what cannot be, and one that names what
/// there is not, where the path does not.
struct Bodies {
  std::string good, bad, missing = {};
  std::string there = {};  // what it asks for is there already
};
Bodies bodies_of(const std::string& operation) {
  static const std::map<std::string, Bodies> known = {
      {"acknowledgeAlert", {R"({"by":"ana"})", R"({"by":7})"}},
      {"silenceAlert", {R"({"until":"now+1h"})", R"({"until":"soon"})"}},
      {"setSilence", {R"({"site":"*","until":"now+1h"})", R"({"site":"*"})"}},
      {"endSilence", {"", ""}},
      {"postTelemetry", {R"({"t":1})", R"({"t":1})"}},
      {"deleteDevice", {"", ""}},
      {"patchDevice", {R"({"name":"Boiler"})", R"({"name":7})"}},
      {"testRule", {R"({"rule":"too-hot"})", R"({"rule":7})", R"({"rule":"nothing"})"}},
      {"testChannel", {"", ""}},
      {"sendCommand", {"{}", "\"" + std::string(200, 'x') + "\""}},
      {"putConfig", {"{}", R"({"version":1})"}},
      {"deleteConfig", {"", ""}},
      {"testMapping", {R"({"topic":"acme/sensors/t/d","payload":"1"})", R"({"topic":"acme/x","payload":"1"})"}},
      {"createTenant", {R"({"name":"fresh"})", R"({"name":"Fresh"})", {}, R"({"name":"acme"})"}},
      {"deleteTenant", {"", ""}},
      {"createKey", {R"({"name":"hall","scopes":["read","write"]})", R"({"name":"hall","scopes":["root"]})"}},
      {"revokeKey", {"", ""}},
  };
  return known.at(operation);
}

std::string upper(std::string method) {
  std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 32); });
  return method;
}

std::set<std::string> documented_statuses(const rapidjson::Value& operation) {
  std::set<std::string> statuses;
  for (const auto& response : operation["responses"].GetObject()) statuses.insert(response.name.GetString());
  return statuses;
}

/// Answers fit what is said of them: content type, body, headers.
void check_answer(const HttpAnswer& answer, const rapidjson::Value& operation) {
  const auto status = std::to_string(answer.status);
  REQUIRE(operation["responses"].HasMember(status.c_str()));
  const auto& said = resolved(operation["responses"][status.c_str()], description());
  if (said.HasMember("headers"))
    for (const auto& header : said["headers"].GetObject()) {
      std::string name = header.name.GetString();
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      CAPTURE(name);
      CHECK(answer.headers.count(name) == 1);
    }
  if (!said.HasMember("content")) {
    CHECK(answer.body.empty());
    return;
  }
  const auto content = said["content"].MemberBegin();
  CHECK(answer.headers.at("content-type") == content->name.GetString());
  if (std::string(content->name.GetString()) == "text/event-stream") return;  // rest_stream_test.cpp
  rapidjson::Document body;
  body.Parse(answer.body.data(), answer.body.size());
  REQUIRE_FALSE(body.HasParseError());
  CHECK(misfit(body, content->value["schema"], description()) == "");
}

TEST_CASE("what is served and what openapi.json says are the same paths", "[api]") {
  RestBench bench;
  std::set<std::string> served;
  for (const auto& route : bench.routes())
    if (route.path.starts_with("/api/v1/")) served.insert(route.method + ' ' + route.path);
  std::set<std::string> described;
  for (const auto& path : description()["paths"].GetObject())
    for (const auto& operation : path.value.GetObject())
      described.insert(upper(operation.name.GetString()) + ' ' + path.name.GetString());
  CHECK(served == described);
  CHECK(bench.get("/api/v1/openapi.json").body == api::openapi_json);
}

/// Servers that answer what a quiet one with room does not.
struct Benches {
  RestBench usual;
  RestBench strict{{.gate = {.anonymous_loopback = false, .requests_per_second = 0.5}}};
  RestBench tight{[] {
    RestBench::Options options;
    options.limits = {.rows = 0, .series = 0, .readings = 0, .anomalies = 0};
    return options;
  }()};
  RestBench full{[] {
    RestBench::Options options;
    options.workers = 1;
    options.max_waiting = 0;  // nobody is ever let in
    return options;
  }()};
};

/// A key that may do it: of acme, or, for tenants and keys, of an administrator.
std::string able(RestBench& bench, const std::string& path) {
  return bearer(path.starts_with("/api/v1/tenants") ? bench.chief : bench.hand);
}

/// That the strict bench has not seen yet.
std::string fresh(RestBench& bench) { return bearer(bench.key("default", {true, true, true})); }

using Ways = std::map<std::string, std::function<HttpAnswer()>>;

Ways ways_to_read(Benches& benches, const std::string& path) {
  auto& bench = benches.usual;
  const auto good = existing(path);
  const auto key = able(bench, path);
  return {
      {"200", [&bench, good, key] { return good.ends_with("/stream") ? bench.head(good, key) : bench.get(good, key); }},
      {"304", [&bench, good, key] { return bench.get(good, key + "If-None-Match: *\r\n"); }},
      {"400", [&bench, good, key] { return bench.get(good + "?unheard=of", key); }},
      {"401", [&bench, good] { return bench.get(good); }},
      {"403", [&bench, good] { return bench.get(good, bearer(bench.key("acme", {.write = true}))); }},
      {"404", [&bench, path, key] { return bench.get(missing(path), key); }},
      {"422", [&benches, good] { return benches.tight.read(good); }},
      {"429",
       [&benches, good] {
         const auto asker = fresh(benches.strict);
         (void)benches.strict.head(good, asker);
         return benches.strict.get(good, asker);
       }},
      {"503", [&benches, good, path] { return benches.full.get(good, able(benches.full, path)); }},
  };
}

/// What a device's acknowledgement makes of the answer.
HttpAnswer acknowledged(RestBench& bench, const std::string& path) {
  bench.messenger.attach([&](const proto::Outgoing& message) {
    const auto id = message.payload.substr(message.payload.find("c-"), 14);
    bench.replies.replied({"acme", "site1", "boiler", "works", id});
  });
  auto answer = bench.order("POST", path + "?wait=5", "{}");
  bench.messenger.attach(nullptr);
  return answer;
}

HttpAnswer unacknowledged(RestBench& bench, const std::string& method, const std::string& path) {
  auto asked = std::async(std::launch::async, [&] { return bench.order(method, path + "?wait=5", "{}"); });
  REQUIRE(eventually([&] {
    bench.clock.advance(Millis{60'000});
    bench.replies.expire();
    return asked.wait_for(Millis{1}) == std::future_status::ready;
  }));
  return asked.get();
}

HttpAnswer overtaken(RestBench& bench, const std::function<HttpAnswer()>& put) {
  bench.configs.answer_with(proto::ConfigOutcome::overtaken);
  auto answer = put();
  bench.configs.answer_with(proto::ConfigOutcome::stored);
  return answer;
}

HttpAnswer command_under_way(RestBench& bench,
                             const std::function<std::function<HttpAnswer()>(const std::string&)>& as) {
  const auto before = bench.messenger.sent().size();
  bench.messenger.hold();
  const auto keyed = as(bearer(bench.hand) + "Idempotency-Key: command\r\n");
  auto first = std::async(std::launch::async, keyed);
  REQUIRE(eventually([&] { return bench.messenger.sent().size() > before; }));
  auto second = keyed();
  bench.messenger.release();
  (void)first.get();
  return second;
}

Ways ways_to_change(Benches& benches, const std::string& method, const std::string& path,
                    const std::string& operation) {
  const auto good = existing(path);
  const auto bodies = bodies_of(operation);
  const auto key = able(benches.usual, path);
  const auto order = [&benches, method, key, body = bodies.good](const std::string& to) {
    return [&benches, method, key, body, to] { return benches.usual.send(method, to, body, key); };
  };
  const auto as = [&benches, method, good, body = bodies.good](const std::string& headers) {
    return [&benches, method, good, body, headers] { return benches.usual.send(method, good, body, headers); };
  };
  const auto done = order(good);
  return {
      {"200", [&benches, good, done,
               acks = operation == "sendCommand"] { return acks ? acknowledged(benches.usual, good) : done(); }},
      {"201", done},
      {"202", done},
      {"204", done},
      {"400", order(good + "?unheard=of")},
      {"401", as("")},
      {"403", as(bearer(benches.usual.acme))},
      {"404",
       [&benches, method, good, missing = bodies.missing, elsewhere = order(missing(path))] {
         return missing.empty() ? elsewhere() : benches.usual.order(method, good, missing);
       }},
      {"409",
       [&benches, path, method, good, key, as, order, there = bodies.there] {
         if (!there.empty()) return benches.usual.send(method, good, there, key);
         if (path.ends_with("/config")) return overtaken(benches.usual, order(good));
         if (path.find("/commands/") != std::string::npos) return command_under_way(benches.usual, as);
         if (path.find("{id}") != std::string::npos) return order(replaced(path, "{id}", DeskDouble::old))();
         auto& intake = benches.usual.intake;
         const auto before = intake.posted().size();
         intake.hold();
         const auto keyed = as(bearer(benches.usual.hand) + "Idempotency-Key: k\r\n");
         auto first = std::async(std::launch::async, keyed);
         REQUIRE(eventually([&] { return intake.posted().size() > before; }));
         auto second = keyed();
         intake.release();
         (void)first.get();
         return second;
       }},
      {"412", as(bearer(benches.usual.hand) + "If-Match: W/\"other\"\r\n")},
      {"413", [&benches, method, good] { return benches.usual.order(method, good, std::string(70'000, ' ')); }},
      {"415", as(key + "Content-Type: text/plain\r\n")},
      {"422",
       [&benches, method, good, key, bad = bodies.bad] {
         benches.usual.intake.answer_with(
             proto::Receipt{proto::Outcome::dead_letter, 0, 0, proto::DeadLetterReason::wrong_shape, "no object"});
         auto answer = benches.usual.send(method, good, bad, key);
         benches.usual.intake.answer_with(proto::Receipt{});
         return answer;
       }},
      {"429",
       [&benches, method, good, body = bodies.good] {
         const auto asker = fresh(benches.strict);
         (void)benches.strict.send(method, good, body, asker);
         return benches.strict.send(method, good, body, asker);
       }},
      {"502",
       [&benches, done] {
         benches.usual.channels.answer_with({false, "500: on fire", 0});
         auto answer = done();
         benches.usual.channels.answer_with({true, "200", 0});
         return answer;
       }},
      {"503", [&benches, method, good, path,
               body = bodies.good] { return benches.full.send(method, good, body, able(benches.full, path)); }},
      {"504", [&benches, method, good] { return unacknowledged(benches.usual, method, good); }},
  };
}

TEST_CASE("every documented status of every operation is produced, with the answer that is described", "[api]") {
  Benches benches;
  for (const auto& path : description()["paths"].GetObject()) {
    for (const auto& operation : path.value.GetObject()) {
      const std::string name = path.name.GetString();
      const auto method = upper(operation.name.GetString());
      const auto ways = method == "GET"
                            ? ways_to_read(benches, name)
                            : ways_to_change(benches, method, name, operation.value["operationId"].GetString());
      // The successes last: what is deleted cannot be asked about.
      auto statuses = documented_statuses(operation.value);
      for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
        CAPTURE(method, name, *status);
        REQUIRE(ways.contains(*status));
        const auto answer = ways.at(*status)();
        CHECK(std::to_string(answer.status) == *status);
        check_answer(answer, operation.value);
      }
    }
  }
}

TEST_CASE("each operation takes the parameters that openapi.json lists, and no others", "[api]") {
  RestBench bench;
  for (const auto& path : description()["paths"].GetObject()) {
    const std::string name = path.name.GetString();
    if (name.ends_with("openapi.json")) continue;
    for (const auto& operation : path.value.GetObject()) {
      const auto method = upper(operation.name.GetString());
      CAPTURE(method, name);
      std::string known;
      if (operation.value.HasMember("parameters"))
        for (const auto& given : operation.value["parameters"].GetArray()) {
          const auto& parameter = resolved(given, description());
          if (std::string(parameter["in"].GetString()) == "query")
            known += std::string(" ") + parameter["name"].GetString();
        }
      const auto answer = bench.send(method, existing(name) + "?unheard=of", "", able(bench, name));
      CHECK(answer.body.find(known.empty() ? "there are no parameters here" : "is not known: use" + known + "\"") !=
            std::string::npos);
    }
  }
}

TEST_CASE("the other shapes fit their description, too", "[api]") {
  RestBench bench;
  const auto [path, question] = GENERATE(table<std::string, std::string>({
      {"/api/v1/query", "?site=site1&shape=wide&from=0"},
      {"/api/v1/query", "?from=0&step=1h"},
      {"/api/v1/statistics", "?by=tenant"},
      {"/api/v1/statistics", "?by=device&from=0"},
      {"/api/v1/devices", "?limit=1"},
      {"/api/v1/metrics", "?limit=1"},
      {"/api/v1/alerts", "?state=all&limit=1"},
      {"/api/v1/alerts", "?state=all&shape=rows"},
      {"/api/v1/alerts", "?state=all&shape=rows&as=annotations"},
  }));
  CAPTURE(path, question);
  check_answer(bench.read(path + question), description()["paths"][path.c_str()]["get"]);
}

}  // namespace
}  // namespace telltale::test
