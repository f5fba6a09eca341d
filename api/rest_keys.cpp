#include "api/rest_keys.hpp"

#include <algorithm>

#include "api/body_json.hpp"
#include "api/cursor.hpp"
#include "api/json_object.hpp"
#include "api/new_key.hpp"
#include "api/page.hpp"
#include "api/query_text.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

void append_key(JsonObject& out, const store::StoredKey& key) {
  out.text("id", key.id).text("name", key.name);
  auto& scopes = out.member("scopes") += '[';
  for (const auto name : scope_names(key.scopes)) append_json_string(next_item(scopes), name);
  scopes += ']';
  out.integer("created_ts", to_ms(key.created));
  if (key.revoked) out.integer("revoked_ts", to_ms(*key.revoked));
}

std::vector<store::StoredKey> keys_of(Keyring& keyring, const std::string& tenant) {
  auto keys = keyring.with([](const store::KeysDb& all) { return all.all(); });
  std::erase_if(keys, [&](const auto& key) { return key.tenant != tenant; });
  return keys;
}

/// What every question here begins with.
std::optional<Problem> refusal(const TenantQuestion& question, const QueryText& query) {
  if (auto problem = query.problem()) return problem;
  if (is_seen(question, question.request.parameter("tenant"))) return std::nullopt;
  return not_found("there is no such tenant");
}

}  // namespace

Answer list_keys(const TenantQuestion& question) {
  const auto& tenant = question.request.parameter("tenant");
  QueryText query(question.request, {"limit", "cursor"});
  const auto page = read_page(query, "keys " + tenant);
  if (auto problem = refusal(question, query)) return fail(*std::move(problem));
  const auto keys = keys_of(question.parts.keyring, tenant);  // oldest first; none ever goes
  auto at = keys.begin();
  if (!page.behind.empty()) {
    at = std::ranges::find(keys, page.behind, &store::StoredKey::id);
    if (at != keys.end()) ++at;
  }
  ItemList list;
  const auto shown = std::min<std::size_t>(page.limit, static_cast<std::size_t>(keys.end() - at));
  for (const auto end = at + static_cast<std::ptrdiff_t>(shown); at != end; ++at) {
    auto item = list.item();
    append_key(item, *at);
  }
  return json(list.end(at == keys.end() ? "" : make_cursor(page.question, std::prev(at)->id)));
}

Answer create_key(const TenantQuestion& question) {
  const auto& caller = question.caller;
  const auto& request = question.request;
  const auto& parts = question.parts;
  const auto& tenant = request.parameter("tenant");
  const QueryText query(request, {});
  if (auto problem = refusal(question, query)) return fail(*std::move(problem));
  auto body = BodyJson::read(request, {"name", "scopes"});
  if (!body) return fail(body.error());
  NewKey wanted{tenant, body->text("name").value_or(""),
                body->texts("scopes", 3).value_or(std::vector{std::string("read")})};
  if (auto fault = fault_of_key_name(wanted.name)) body->fault("name", *std::move(fault));
  if (auto fault = fault_of_scopes(wanted.scopes)) body->fault("scopes", *std::move(fault));
  if (auto problem = body->problem()) return fail(*std::move(problem));

  const auto made = make_key(std::move(wanted), parts.clock.now());
  parts.keyring.with([&](store::KeysDb& keys) { keys.add(made.stored); });
  parts.log.info("keys", "key " + made.stored.id + " of tenant " + tenant + " is made, by " + whoever(caller));
  Response response{201, "application/json", {}, {}};
  {
    JsonObject out(response.body);
    append_key(out, made.stored);
    out.text("key", made.text);
  }
  response.headers.emplace_back("Location", "/api/v1/tenants/" + tenant + "/keys/" + made.stored.id);
  return response;
}

Answer revoke_key(const TenantQuestion& question) {
  const auto& caller = question.caller;
  const auto& request = question.request;
  const auto& parts = question.parts;
  const auto& tenant = request.parameter("tenant");
  const auto& id = request.parameter("key");
  const QueryText query(request, {});
  if (auto problem = refusal(question, query)) return fail(*std::move(problem));
  const bool revoked = parts.keyring.with([&](store::KeysDb& keys) {
    const auto found = keys.find(id);
    return found && found->tenant == tenant && keys.revoke(id, parts.clock.now());
  });
  if (!revoked) return fail(not_found("no key that is in force has this id"));
  parts.log.info("keys", "key " + id + " of tenant " + tenant + " is revoked, by " + whoever(caller));
  return Response{204, {}, {}, {}};
}

}  // namespace telltale::api
