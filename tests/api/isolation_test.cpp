#include <rapidjson/document.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "api/openapi.hpp"
#include "tests/api/json_schema.hpp"
#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

/// What the placeholders and parameters stand for when they name things of acme's. A route with a new one needs a line.
const Names& of_acme() {
  static const Names names = {{"site", "site1"},       {"device", "boiler"},        {"metric", "temperature"},
                              {"id", DeskDouble::hot}, {"rule", "too-hot"},         {"name", "works"},
                              {"tenant", "acme"},      {"key", RestBench::acme_key}};
  return names;
}

/// What acme alone has: no answer to anybody else has one of these.
const std::vector<std::string> treasures = {
    "boiler",           "pump",          "site1",         "\"west\"",      "acme", "works",
    "cellar",           DeskDouble::hot, DeskDouble::old, "1763690000000", "7.5",  "in the dr",
    RestBench::acme_key};

constexpr std::string_view nowhere = "nowhere";  // is a name of everything

/// What is asked of a path, with its parameters.
struct Asked {
  std::string method, path, query, body;
};

std::string filled(std::string path, bool with_acmes) {
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    const auto close = path.find('}', open);
    const auto name = path.substr(open + 1, close - open - 1);
    const auto found = std::ranges::find(of_acme(), name, [](const auto& n) { return n.first; });
    CAPTURE(path, name);
    REQUIRE(found != of_acme().end());  // say in of_acme() what it stands for
    const bool channel = name == "id" && path.find("/channels/") != std::string::npos;
    const auto acmes = channel ? std::string("ops") : found->second;
    path.replace(open, close - open + 1, with_acmes ? acmes : std::string(nowhere));
  }
  return path;
}

/// A body that names things of acme's wherever a text is expected.
std::string body_of(const rapidjson::Value& operation, const rapidjson::Document& document, bool with_acmes) {
  if (!operation.HasMember("requestBody")) return "";
  const auto& schema =
      resolved(resolved(operation["requestBody"], document)["content"]["application/json"]["schema"], document);
  std::string body = "{";
  if (schema.HasMember("properties")) {
    for (const auto& property : schema["properties"].GetObject()) {
      const std::string name = property.name.GetString();
      const auto known = std::ranges::find(of_acme(), name, [](const auto& n) { return n.first; });
      if (known == of_acme().end() && name != "until") continue;
      if (name == "name" && schema["properties"].HasMember("scopes")) continue;  // whoever uses a key
      const auto value = name == "until" ? std::string("now+1h") : with_acmes ? known->second : std::string(nowhere);
      body += (body.size() > 1 ? ",\"" : "\"") + name + "\":\"" + value + "\"";
    }
  }
  return body + "}";
}

/// Every operation of openapi.json: as it stands, and with each parameter that names something.
std::vector<Asked> asked_of_rest(bool with_acmes) {
  rapidjson::Document document;
  document.Parse(api::openapi_json.data(), api::openapi_json.size());
  std::vector<Asked> all;
  for (const auto& path : document["paths"].GetObject()) {
    const std::string name = path.name.GetString();
    if (name.ends_with("/openapi.json") || name.ends_with("/stream")) continue;
    for (const auto& operation : path.value.GetObject()) {
      std::string method = operation.name.GetString();
      std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 32); });
      const auto body = body_of(operation.value, document, with_acmes);
      all.push_back({method, filled(name, with_acmes), "", body});
      if (!operation.value.HasMember("parameters")) continue;
      for (const auto& given : operation.value["parameters"].GetArray()) {
        const auto& parameter = resolved(given, document);
        const std::string what = parameter["name"].GetString();
        const auto known = std::ranges::find(of_acme(), what, [](const auto& n) { return n.first; });
        if (std::string(parameter["in"].GetString()) != "query" || known == of_acme().end()) continue;
        all.push_back({method, filled(name, with_acmes),
                       "?" + what + "=" + (with_acmes ? known->second : std::string(nowhere)), body});
      }
    }
  }
  return all;
}

std::string site_of(bool with_acmes) { return with_acmes ? "site1" : std::string(nowhere); }

/// The adapters for Grafana and Prometheus, in the way each of their routes is asked.
std::vector<Asked> asked_of_adapters(bool with_acmes) {
  const auto site = site_of(with_acmes);
  const std::string target = with_acmes ? "site1/boiler/temperature" : "nowhere/nowhere/nowhere";
  const std::string selector =
      "?query={site=\"" + site + "\"}&match[]={site=\"" + site + "\"}&start=1763690000&end=1763700000&step=60";
  const auto range = R"("range":{"from":"2025-11-01T00:00:00Z","to":"2025-11-22T00:00:00Z"})";
  const auto body = R"({"target":")" + target + R"(","metric":")" + target + R"(","key":"site",)" + range +
                    R"(,"payload":{"target":"device","site":")" + site + R"("},"annotation":{"query":"site=)" + site +
                    R"("},"targets":[{"target":")" + target + R"("}]})";
  RestBench bench;
  std::vector<Asked> all;
  for (const auto& route : bench.routes()) {
    if (route.path.starts_with("/api/v1/")) continue;
    auto path = route.path;
    if (const auto at = path.find("{name}"); at != std::string::npos) path.replace(at, 6, "device");
    const bool posts = route.method == "POST";
    if (!path.starts_with("/prom/")) {
      all.push_back({route.method, path, "", posts ? body : ""});
      continue;
    }
    for (const auto& query :
         {selector,
          std::string("?query={device=~\".%2B\"}&match[]={device=~\".%2B\"}&start=1763690000&end=1763700000&step=60")})
      all.push_back({route.method, path, query, ""});
  }
  return all;
}

/// Without what names the question itself.
std::string telling(const HttpAnswer& answer) {
  auto text = answer.body.substr(0, answer.body.find("\"instance\""));
  for (const auto& [kind, name] : of_acme())
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, name.size(), nowhere);
  return std::to_string(answer.status) + ' ' + text;
}

/// `{` and `"` of a query are sent as a client would.
std::string escaped(std::string query) {
  for (const auto& [what, by] : {std::pair{'{', "%7B"}, {'}', "%7D"}, {'"', "%22"}, {'[', "%5B"}, {']', "%5D"}})
    for (auto at = query.find(what); at != std::string::npos; at = query.find(what)) query.replace(at, 1, by);
  return query;
}

HttpAnswer ask(RestBench& bench, const Asked& asked, const std::string& key) {
  const auto path = asked.path + escaped(asked.query);
  const auto form = asked.path.starts_with("/prom/") ? "Content-Type: application/x-www-form-urlencoded\r\n" : "";
  return asked.method == "GET" ? bench.get(path, bearer(key))
                               : bench.send(asked.method, path, asked.body, bearer(key) + form);
}

void finds_nothing(const std::vector<Asked>& acmes, const std::vector<Asked>& nowheres) {
  RestBench bench;
  RestBench other;  // orders of the one must not be seen by the other
  REQUIRE(acmes.size() == nowheres.size());
  const store::KeyScopes all_scopes{true, true, true};
  const std::string before = bench.get("/api/v1/alerts/history", bearer(bench.acme)).body +
                             bench.get("/api/v1/silences", bearer(bench.acme)).body;
  for (const auto* tenant : {"rival", "nobody"}) {
    const auto key = bench.key(tenant, all_scopes);
    const auto other_key = other.key(tenant, all_scopes);
    for (std::size_t i = 0; i < acmes.size(); ++i) {
      const auto& asked = acmes[i];
      CAPTURE(tenant, asked.method, asked.path, asked.query, asked.body);
      const auto answer = ask(bench, asked, key);
      const auto words = answer.body.substr(0, answer.body.find("\"instance\""));
      CHECK(answer.status < 500);
      // What the question itself says may be repeated.
      const auto question = asked.path + asked.query + asked.body;
      for (const auto& treasure : treasures) {
        CAPTURE(treasure);
        if (question.find(treasure) == std::string::npos) CHECK(words.find(treasure) == std::string::npos);
      }
      // And no word tells what is there from what is not.
      const bool makes_a_key = asked.method == "POST" && asked.path.ends_with("/keys");
      if (!makes_a_key || answer.status != 201) CHECK(telling(answer) == telling(ask(other, nowheres[i], other_key)));
    }
  }
  CHECK(before == bench.get("/api/v1/alerts/history", bearer(bench.acme)).body +
                      bench.get("/api/v1/silences", bearer(bench.acme)).body);
  CHECK_FALSE(bench.keys->find(RestBench::acme_key)->revoked);
  for (const auto& removed : bench.intake.removed()) CHECK_FALSE(removed.starts_with("acme/"));
  for (const auto& posted : bench.intake.posted()) CHECK(posted.tenant != "acme");
}

TEST_CASE("no operation of openapi.json finds, changes or betrays anything of another tenant", "[api]") {
  finds_nothing(asked_of_rest(true), asked_of_rest(false));
}

TEST_CASE("no adapter finds or betrays anything of another tenant", "[api]") {
  const auto acmes = asked_of_adapters(true);
  CHECK(acmes.size() > 20);
  finds_nothing(acmes, asked_of_adapters(false));
}

TEST_CASE("what is walked with a foreign key is there for its owner", "[api]") {
  RestBench bench;
  const auto owner = bench.key("acme", {true, true, true});
  auto all = asked_of_rest(true);
  std::ranges::move(asked_of_adapters(true), std::back_inserter(all));
  for (const auto& asked : all) {
    if (asked.method == "DELETE" || asked.path.starts_with("/api/v1/tenants")) continue;
    CAPTURE(asked.method, asked.path, asked.query, asked.body);
    CHECK(ask(bench, asked, owner).status != 404);
  }
}

TEST_CASE("the live stream of another tenant is silent", "[api]") {
  RestBench bench;
  HttpClient rival(bench.port());
  rival.send("GET /api/v1/stream?topics=alerts,presence,readings HTTP/1.1\r\nHost: localhost\r\n" +
             bearer(bench.key("rival")) + "\r\n");
  rival.until("retry: 2000\n\n");
  proto::Batch batch;
  for (const auto series : {1U, 5U, 6U, 7U}) {  // 6 is the rival's
    proto::Reading reading{};
    reading.series = proto::SeriesId{series};
    reading.ts = DeskDouble::now;
    batch.readings.push_back(reading);
  }
  proto::AlertTransition alert;
  alert.id = DeskDouble::hot;
  alert.ts = alert.started = DeskDouble::now;
  alert.tenant = "acme";
  alert.site = "site1";
  alert.device = "boiler";
  proto::PresenceChange presence;
  presence.tenant = "acme";
  presence.site = "site1";
  presence.device = "pump";
  presence.ts = DeskDouble::now;
  bench.live->tell(batch, std::vector<proto::Finding>{alert, presence});
  presence.tenant = "rival";
  presence.site = "site9";
  presence.device = "last";
  bench.live->tell({}, std::vector<proto::Finding>{presence});
  bench.live->start();
  const auto told = rival.until("grail") + rival.until("\n\n");
  for (const auto& treasure : treasures) {
    CAPTURE(treasure);
    CHECK(told.find(treasure) == std::string::npos);
  }
}

}  // namespace
}  // namespace telltale::test
