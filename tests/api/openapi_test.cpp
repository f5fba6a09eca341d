#include <rapidjson/document.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>

#include "api/openapi.hpp"
#include "tests/api/json_schema.hpp"
#include "tests/api/rest_bench.hpp"

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

/// The path of a series that there is.
std::string existing(const std::string& path) {
  return replaced(replaced(replaced(path, "{site}", "site1"), "{device}", "boiler"), "{metric}", "temperature");
}

/// A question about something that there is not.
std::string missing(const std::string& path) {
  if (path.find("{device}") != std::string::npos) {
    return replaced(replaced(replaced(path, "{site}", "site1"), "{device}", "nobody"), "{metric}", "temperature");
  }
  return path + "?device=nobody";
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
  rapidjson::Document body;
  body.Parse(answer.body.data(), answer.body.size());
  REQUIRE_FALSE(body.HasParseError());
  CHECK(misfit(body, content->value["schema"], description()) == "");
}

TEST_CASE("what is served and what openapi.json says are the same paths", "[api]") {
  RestBench bench;
  std::set<std::string> served;
  for (const auto& route : api::rest_routes(*bench.gate, *bench.archive, bench.clock)) {
    CHECK(route.method == "GET");
    served.insert(route.path);
  }
  std::set<std::string> described;
  for (const auto& path : description()["paths"].GetObject()) described.insert(path.name.GetString());
  CHECK(served == described);
  CHECK(bench.get("/api/v1/openapi.json").body == api::openapi_json);
}

TEST_CASE("every documented status of every path is produced, with the answer that is described", "[api]") {
  RestBench bench;
  RestBench strict({.gate = {.anonymous_loopback = false, .requests_per_second = 0.5}});
  RestBench::Options tight_options;
  tight_options.limits = {.rows = 0, .series = 0, .readings = 0, .anomalies = 0};
  RestBench tight(std::move(tight_options));
  RestBench::Options full_options;
  full_options.workers = 1;
  full_options.max_waiting = 0;  // nobody is ever let in
  RestBench full(std::move(full_options));

  for (const auto& path : description()["paths"].GetObject()) {
    const std::string name = path.name.GetString();
    const auto& operation = path.value["get"];
    const auto good = existing(name);
    const auto write_only = bench.key("acme", {.write = true});
    const std::map<std::string, std::function<HttpAnswer()>> ways = {
        {"200", [&] { return bench.read(good); }},
        {"304", [&] { return bench.read(good, "If-None-Match: *\r\n"); }},
        {"400", [&] { return bench.read(good + "?unheard=of"); }},
        {"401", [&] { return bench.get(good); }},
        {"403", [&] { return bench.get(good, bearer(write_only)); }},
        {"404", [&] { return bench.read(missing(name)); }},
        {"422", [&] { return tight.read(good); }},
        {"429",
         [&] {
           const auto key = strict.key("acme");
           (void)strict.get(good, bearer(key));
           return strict.get(good, bearer(key));
         }},
        {"503", [&] { return full.read(good); }},
    };
    for (const auto& status : documented_statuses(operation)) {
      CAPTURE(name, status);
      REQUIRE(ways.contains(status));
      const auto answer = ways.at(status)();
      CHECK(std::to_string(answer.status) == status);
      check_answer(answer, operation);
    }
  }
}

TEST_CASE("each path takes the parameters that openapi.json lists, and no others", "[api]") {
  RestBench bench;
  for (const auto& path : description()["paths"].GetObject()) {
    const std::string name = path.name.GetString();
    if (name.ends_with("openapi.json")) continue;
    CAPTURE(name);
    std::string known;
    for (const auto& given : path.value["get"]["parameters"].GetArray()) {
      const auto& parameter = resolved(given, description());
      if (std::string(parameter["in"].GetString()) == "query")
        known += std::string(" ") + parameter["name"].GetString();
    }
    const auto answer = bench.read(existing(name) + "?unheard=of");
    CHECK(answer.body.find(known.empty() ? "there are no parameters here" : "is not known: use" + known + "\"") !=
          std::string::npos);
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
  }));
  CAPTURE(path, question);
  check_answer(bench.read(path + question), description()["paths"][path.c_str()]["get"]);
}

}  // namespace
}  // namespace telltale::test
