#include "api/rest_tenants.hpp"

#include <algorithm>
#include <map>

#include "api/body_json.hpp"
#include "api/cursor.hpp"
#include "api/json_object.hpp"
#include "api/page.hpp"
#include "api/query_text.hpp"
#include "api/rest_keys.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

struct Tenant {
  std::size_t devices = 0, keys = 0;
  std::optional<Timestamp> created;  // when it was named; others are there because of their devices or keys
};
using Tenants = std::map<std::string, Tenant, std::less<>>;

bool is_everybodys(const Caller& caller) { return caller.tenant == proto::default_tenant; }

/// The tenants that the caller sees.
Tenants seen_by(const TenantQuestion& question) {
  const auto& caller = question.caller;
  const auto& parts = question.parts;
  Tenants all{{std::string(proto::default_tenant), {}}};
  parts.keyring.with([&](const store::KeysDb& keys) {
    for (const auto& named : keys.tenants()) all[named.name].created = named.created;
    for (const auto& key : keys.all())
      if (!key.revoked) ++all[key.tenant].keys;
  });
  const auto view = parts.archive.lend();
  const auto& fleet = view->fleet();
  for (const auto tenant : fleet.tenants()) all[std::string(tenant)].devices = fleet.devices(tenant).size();
  std::erase_if(all, [&](const auto& tenant) {
    if (parts.tenancy == proto::Tenancy::single && tenant.first != proto::default_tenant) return true;
    return !is_everybodys(caller) && tenant.first != caller.tenant;
  });
  return all;
}

void append_tenant(JsonObject item, const std::string& name, const Tenant& tenant) {
  item.text("name", name).count("devices", tenant.devices).count("keys", tenant.keys);
  if (tenant.created) item.integer("created_ts", to_ms(*tenant.created));
}

Answer list_tenants(const TenantQuestion& question) {
  QueryText query(question.request, {"limit", "cursor"});
  const auto page = read_page(query, "tenants");
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto tenants = seen_by(question);
  ItemList list;
  std::string next;
  std::size_t shown = 0;
  for (auto at = tenants.upper_bound(page.behind); at != tenants.end(); ++at) {
    if (shown++ == page.limit) {
      next = make_cursor(page.question, std::prev(at)->first);
      break;
    }
    append_tenant(list.item(), at->first, at->second);
  }
  return json(list.end(next));
}

Answer one_tenant(const TenantQuestion& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto tenants = seen_by(question);
  const auto found = tenants.find(question.request.parameter("tenant"));
  if (found == tenants.end()) return fail(not_found("there is no such tenant"));
  std::string body;
  append_tenant(JsonObject(body), found->first, found->second);
  return json(std::move(body));
}

Problem forbidden(std::string detail) { return {403, "forbidden", "Not allowed", std::move(detail)}; }

/// Why the caller may not say which tenants there are.
std::optional<Problem> no_say_over_tenants(const TenantQuestion& question) {
  if (!is_everybodys(question.caller)) {
    return forbidden("only a key of the tenant 'default' with the scope 'admin' may say which tenants there are");
  }
  if (question.parts.tenancy == proto::Tenancy::multi) return std::nullopt;
  return forbidden("there is one tenant here, unless [tenants] enabled = true");
}

Answer create_tenant(const TenantQuestion& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  if (auto problem = no_say_over_tenants(question)) return fail(*std::move(problem));
  auto body = BodyJson::read(question.request, {"name"});
  if (!body) return fail(body.error());
  const auto name = body->text("name").value_or("");
  if (!proto::valid_tenant(name)) body->fault("name", "is no tenant: " + std::string(proto::site_syntax));
  if (auto problem = body->problem()) return fail(*std::move(problem));

  const auto now = question.parts.clock.now();
  const bool is_new = !seen_by(question).contains(name) &&
                      question.parts.keyring.with([&](store::KeysDb& keys) { return keys.name_tenant(name, now); });
  if (!is_new) return fail(Problem{409, "conflict", "Conflict", "this tenant is there already"});
  question.parts.log.info("keys", "tenant " + name + " is created, by " + whoever(question.caller));
  Response response{201, "application/json", {}, {}};
  append_tenant(JsonObject(response.body), name, {0, 0, now});
  response.headers.emplace_back("Location", "/api/v1/tenants/" + name);
  return response;
}

/// Its keys end at once; its data as with any removal.
void remove_tenant(const TenantQuestion& question, const Settle& settle) {
  const auto& caller = question.caller;
  const auto& request = question.request;
  const auto& parts = question.parts;
  const QueryText query(request, {});
  if (auto problem = query.problem()) return settle(fail(*std::move(problem)));
  const auto& name = request.parameter("tenant");
  if (!seen_by(question).contains(name)) return settle(fail(not_found("there is no such tenant")));
  if (auto problem = no_say_over_tenants(question)) return settle(fail(*std::move(problem)));
  if (name == proto::default_tenant) return settle(fail(forbidden("'default' is this service's own tenant")));

  parts.keyring.with([&](store::KeysDb& keys) { keys.drop_tenant(name, parts.clock.now()); });
  parts.log.info("keys", "tenant " + name + " is removed with its keys and data, by " + whoever(caller));
  proto::DevicesRemoved removal;
  removal.tenant = name;
  removal.site = removal.device = "-";
  removal.by = caller.key_name;
  parts.intake.remove(std::move(removal), [settle](const std::optional<std::uint64_t>& sequence) {
    if (sequence) return settle(Response{204, {}, {}, {}});
    settle(fail(Problem{503, "unavailable", "Nothing can be stored now",
                        "its keys are revoked, but that its data is removed could not be written; ask again"}));
  });
}

}  // namespace

bool is_seen(const TenantQuestion& question, std::string_view tenant) { return seen_by(question).contains(tenant); }

std::string whoever(const Caller& caller) {
  return caller.key_id.empty() ? "a client of this machine without a key" : "key " + caller.key_id;
}

std::vector<Route> tenant_routes(const TenantParts& parts) {
  std::vector<Route> routes;
  const auto serve = [&](std::string method, std::string_view path, Answer (*answer)(const TenantQuestion&)) {
    auto handler = parts.gate.guard(Scope::admin, [parts, answer](const Caller& caller, const Request& request) {
      return answer({caller, request, parts});
    });
    routes.push_back({std::move(method), "/api/v1" + std::string(path), std::move(handler), RunsOn::worker_pool});
  };
  serve("GET", "/tenants", &list_tenants);
  serve("POST", "/tenants", &create_tenant);
  serve("GET", "/tenants/{tenant}", &one_tenant);
  serve("GET", "/tenants/{tenant}/keys", &list_keys);
  serve("POST", "/tenants/{tenant}/keys", &create_key);
  serve("DELETE", "/tenants/{tenant}/keys/{key}", &revoke_key);
  routes.push_back(
      {"DELETE",
       "/api/v1/tenants/{tenant}",
       {},
       RunsOn::worker_pool,
       parts.gate.guard_late(Scope::admin, [parts](const Caller& caller, const Request& request, const Settle& settle) {
         remove_tenant({caller, request, parts}, settle);
       })});
  return routes;
}

}  // namespace telltale::api
