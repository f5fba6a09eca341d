#include "api/rest.hpp"

#include "api/answer_encoding.hpp"
#include "api/openapi.hpp"
#include "api/rest_channels.hpp"
#include "api/rest_commands.hpp"
#include "api/rest_expected.hpp"
#include "api/rest_question.hpp"
#include "api/rest_removal.hpp"
#include "api/rest_telemetry.hpp"

namespace telltale::api {

std::vector<Route> rest_routes(const RestParts& parts, RestLimits limits) {
  std::vector<Route> routes;
  const auto add = [&](std::string method, Scope scope, std::string_view path, Answer (*answer)(const Question&)) {
    auto handler = parts.gate.guard(scope, [parts, limits, answer](const Caller& caller, const Request& request) {
      const auto view = parts.archive.lend();
      return answer({caller, request, *view, parts.clock.now(), limits, parts});
    });
    routes.push_back({std::move(method), "/api/v1" + std::string(path), std::move(handler), RunsOn::worker_pool});
  };
  const auto get = [&](std::string_view path, Answer (*answer)(const Question&)) {
    add("GET", Scope::read, path, answer);
  };
  const auto post = [&](std::string_view path, Answer (*answer)(const Question&)) {
    add("POST", Scope::write, path, answer);
  };
  get("/devices", &list_devices);
  get("/devices/{site}/{device}", &one_device);
  add("PATCH", Scope::write, "/devices/{site}/{device}", &patch_device);
  get("/devices/{site}/{device}/{metric}/hours", &hour_profile);
  get("/devices/{site}/{device}/{metric}/completeness", &completeness);
  get("/devices/{site}/{device}/{metric}/anomalies", &anomalies);
  get("/devices/{site}/{device}/{metric}/days", &day_over_day);
  get("/metrics", &list_series);
  get("/query", &query);
  get("/latest", &latest);
  get("/statistics", &statistics);
  get("/alerts", &list_alerts);
  get("/alerts/history", &alert_history);
  get("/alerts/{id}", &one_alert);
  post("/alerts/{id}/ack", &acknowledge_alert);
  post("/alerts/{id}/silence", &silence_alert);
  get("/silences", &list_silences);
  post("/silences", &set_silence);
  add("DELETE", Scope::write, "/silences/{name}", &end_silence);
  get("/stream", &stream);
  get("/rules", &list_rules);
  get("/rules/{rule}", &one_rule);
  post("/rules/test", &test_rule);
  get("/mappings", &list_mappings);
  post("/mappings/test", &test_mapping);
  get("/channels", &list_channels);
  get("/devices/{site}/{device}/config", &get_config);
  const auto late = [&](std::string method, std::string_view path, LateCallerHandler handler,
                        Millis patience = Millis{0}) {
    routes.push_back({std::move(method),
                      "/api/v1" + std::string(path),
                      {},
                      RunsOn::worker_pool,
                      parts.gate.guard_late(Scope::write, std::move(handler)),
                      patience});
  };
  constexpr Millis beyond_any_wait = longest_wait + std::chrono::seconds(5);
  const auto remembered = std::make_shared<RememberedByTenant>();
  late("POST", "/telemetry/{site}/{device}",
       [parts, remembered](const Caller& caller, const Request& request, const Settle& settle) {
         post_telemetry(parts, remembered->of(caller.tenant), caller, request, settle);
       });
  late("DELETE", "/devices/{site}/{device}",
       [parts](const Caller& caller, const Request& request, const Settle& settle) {
         remove_device(parts, caller, request, settle);
       });
  late(
      "POST", "/devices/{site}/{device}/commands/{name}",
      [parts, remembered](const Caller& caller, const Request& request, const Settle& settle) {
        post_command(parts, remembered->of(caller.tenant), caller, request, settle);
      },
      beyond_any_wait);
  late(
      "PUT", "/devices/{site}/{device}/config",
      [parts](const Caller& caller, const Request& request, const Settle& settle) {
        put_config(parts, caller, request, settle);
      },
      beyond_any_wait);
  late("DELETE", "/devices/{site}/{device}/config",
       [parts](const Caller& caller, const Request& request, const Settle& settle) {
         remove_config(parts, caller, request, settle);
       });
  late("POST", "/channels/{id}/test", [parts](const Caller& caller, const Request& request, const Settle& settle) {
    test_channel(parts, caller, request, settle);
  });
  routes.push_back({"GET",
                    "/api/v1/devices/{site}/{device}/{metric}/expected",
                    {},
                    RunsOn::worker_pool,
                    parts.gate.guard_late(Scope::read, [parts, limits](const Caller& caller, const Request& request,
                                                                       const Settle& settle) {
                      get_expected(parts, limits, caller, request, settle);
                    })});
  routes.push_back({"GET", "/api/v1/openapi.json",
                    [](const Request& request) { return encoded(request, json(std::string(openapi_json))); }});
  return routes;
}

}  // namespace telltale::api
