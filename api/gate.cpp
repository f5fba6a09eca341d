#include "api/gate.hpp"

#include <array>
#include <string_view>

#include "api/answer_encoding.hpp"
#include "api/api_key.hpp"
#include "proto/number_text.hpp"
#include "proto/topic.hpp"

namespace telltale::api {

namespace {

constexpr std::string_view bearer = "Bearer ";

bool has(const store::KeyScopes& scopes, Scope needed) {
  switch (needed) {
    case Scope::read:
      return scopes.read;
    case Scope::write:
      return scopes.write;
    case Scope::admin:
      return scopes.admin;
  }
  return false;
}

std::string_view name_of(Scope scope) {
  constexpr std::array<std::string_view, 3> names = {"read", "write", "admin"};
  return names.at(static_cast<std::size_t>(scope));
}

Problem unauthorized(std::string detail) { return {401, "unauthorized", "A key is needed", std::move(detail)}; }

/// A name of this machine, with or without port. Any other name that leads here is a web page's that had its own name
/// point to us (DNS rebinding).
bool names_loopback(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end != std::string_view::npos && host.substr(0, end + 1) == "[::1]";
  }
  host = host.substr(0, host.find(':'));
  return proto::equal_ignoring_case(host, "localhost") || host.empty() ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// A browser shows a page of another origin, which may send what it likes but hears no answer.
bool of_foreign_page(const Request& request) {
  const auto origin = request.header("Origin");
  if (origin.empty()) return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || !names_loopback(origin.substr(scheme + 3));
}

/// Sent on by a proxy on this machine, for somebody who may be anywhere.
bool forwarded(const Request& request) {
  return !request.header("Forwarded").empty() || !request.header("X-Forwarded-For").empty();
}

}  // namespace

Gate::Gate(store::KeysDb& keys, GateOptions options, const Clock& clock)
    : keys_(keys),
      options_(options),
      clock_(clock),
      limit_(options.requests_per_second),
      failures_(options.failures_per_second) {}

Handler Gate::guard(Scope needed, CallerHandler handler) {
  return [this, needed, handler = std::move(handler)](const Request& request) {
    const auto caller = admit(needed, request);
    if (!caller) return encoded(request, caller.error());
    auto made = handler(*caller, request);
    return encoded(request, made ? std::move(*made) : problem_response(made.error(), request.path, request.id));
  };
}

LateHandler Gate::guard_late(Scope needed, LateCallerHandler handler) {
  return [this, needed, handler = std::move(handler)](const Request& request, Respond respond) {
    const auto caller = admit(needed, request);
    if (!caller) return respond(encoded(request, caller.error()));
    auto about = std::make_shared<Request>(request);
    about->body.clear();
    handler(*caller, request, [about, respond = std::move(respond)](Result<Response, Problem> made) {
      respond(encoded(*about, made ? std::move(*made) : problem_response(made.error(), about->path, about->id)));
    });
  };
}

bool Gate::still_valid(const std::string& key_id) {
  if (key_id.empty()) return true;
  const std::lock_guard lock(mutex_);
  const auto stored = keys_.find(key_id);
  return stored && !stored->revoked;
}

Result<Caller, Response> Gate::admit(Scope needed, const Request& request) {
  const auto say = [&](const Problem& problem) { return problem_response(problem, request.path, request.id); };
  auto caller = caller_of(request);
  if (!caller) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto wait = failures_.wait(request.address, clock_.steady_now())) {
        auto response =
            say({429, "rate-limited", "Too many requests", "too many keys from this address were not known"});
        response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
        return fail(std::move(response));
      }
    }
    auto response = say(caller.error());
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"telltale\"");
    return fail(std::move(response));
  }
  if (!caller->key_id.empty()) {
    const std::lock_guard lock(mutex_);
    if (const auto wait = limit_.wait(caller->key_id, clock_.steady_now())) {
      auto response = say({429, "rate-limited", "Too many requests", "this key asks more often than it may"});
      response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
      return fail(std::move(response));
    }
  }
  if (!has(caller->scopes, needed)) {
    return fail(say({403, "forbidden", "Not allowed", "this key has no scope '" + std::string(name_of(needed)) + "'"}));
  }
  return *std::move(caller);
}

Result<Caller, Problem> Gate::caller_of(const Request& request) {
  if (const auto authorization = request.header("Authorization"); !authorization.empty()) {
    if (!proto::equal_ignoring_case(authorization.substr(0, bearer.size()), bearer)) {
      return fail(unauthorized("expected 'Authorization: Bearer' and a key"));
    }
    return caller_of_key(proto::trim(authorization.substr(bearer.size())));
  }
  if (const auto key = request.header("X-API-Key"); !key.empty()) return caller_of_key(key);
  if (options_.anonymous_loopback && request.from_loopback && !forwarded(request) && !of_foreign_page(request) &&
      names_loopback(request.header("Host"))) {
    return Caller{std::string(proto::default_tenant), {true, true, true}, {}, {}};
  }
  return fail(unauthorized("send a key as 'Authorization: Bearer' or 'X-API-Key'"));
}

Result<Caller, Problem> Gate::caller_of_key(std::string_view text) {
  // The same words for every reason: an answer must not tell which part was right.
  const auto unknown = [] { return fail(unauthorized("this key is not known, or was revoked")); };
  const auto key = parse_api_key(text);
  if (!key) return unknown();
  std::optional<store::StoredKey> stored;
  {
    const std::lock_guard lock(mutex_);
    stored = keys_.find(key->id);
  }
  if (!stored || !equal_in_constant_time(stored->sha256, sha256(key->secret)) || stored->revoked) return unknown();
  return Caller{std::move(stored->tenant), stored->scopes, std::move(stored->id), std::move(stored->name)};
}

}  // namespace telltale::api
