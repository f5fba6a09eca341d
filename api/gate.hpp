#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "api/http_message.hpp"
#include "api/rate_limit.hpp"
#include "proto/clock.hpp"
#include "proto/result.hpp"
#include "store/keys_db.hpp"

namespace telltale::api {

struct GateOptions {
  bool anonymous_loopback = false;   // clients on this machine without a key: tenant `default`, all scopes
  double requests_per_second = 100;  // of one key; 0 = no limit
  double failures_per_second = 10;   // of keys that are not known, from one address; 0 = no limit
};

/// Who asks.
struct Caller {
  std::string tenant;
  store::KeyScopes scopes;
  std::string key_id;  // "" = a client on this machine without a key
  std::string key_name = {};
};

enum class Scope : std::uint8_t { read, write, admin };

/// What a route answers to somebody who may ask.
using CallerHandler = std::function<Result<Response, Problem>(const Caller&, const Request&)>;

/// Takes the answer, from any thread.
using Settle = std::function<void(Result<Response, Problem>)>;
using LateCallerHandler = std::function<void(const Caller&, const Request&, Settle)>;

/// Lets in who has a key for it (contracts 7). A key is looked up at every request, so that a revoked one ends at once.
/// Who has none, or a wrong one, hears so a few times a second and then that it is too often: whatever sends wrong keys
/// in numbers costs little, and who shares its address and has a key is served.
/// Threads: handlers that it guards may run on several threads at a time.
class Gate {
 public:
  Gate(store::KeysDb& keys, GateOptions options, const Clock& clock);

  /// False when the key was revoked. `key_id` as in Caller.
  [[nodiscard]] bool still_valid(const std::string& key_id);

  /// A handler that answers 401, 403 and 429 itself, makes documents of problems, and adds ETag, 304 and compression.
  [[nodiscard]] Handler guard(Scope needed, CallerHandler handler);
  /// The same for answers that are given later.
  [[nodiscard]] LateHandler guard_late(Scope needed, LateCallerHandler handler);

 private:
  [[nodiscard]] Result<Caller, Problem> caller_of(const Request& request);
  [[nodiscard]] Result<Caller, Problem> caller_of_key(std::string_view text);
  /// Who asks and may; or what is answered to others.
  [[nodiscard]] Result<Caller, Response> admit(Scope needed, const Request& request);

  store::KeysDb& keys_;
  GateOptions options_;
  const Clock& clock_;
  std::mutex mutex_;  // of keys_, limit_ and failures_
  RateLimit limit_;
  RateLimit failures_;
};

}  // namespace telltale::api
