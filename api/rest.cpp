#include "api/rest.hpp"

#include "api/answer_encoding.hpp"
#include "api/openapi.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

std::vector<Route> rest_routes(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits) {
  std::vector<Route> routes;
  const auto get = [&](std::string_view path, Answer (*answer)(const Question&)) {
    auto handler =
        gate.guard(Scope::read, [&archive, &clock, limits, answer](const Caller& caller, const Request& request) {
          const auto view = archive.lend();
          return answer({caller, request, *view, clock.now(), limits});
        });
    routes.push_back({"GET", "/api/v1" + std::string(path), std::move(handler), RunsOn::worker_pool});
  };
  get("/devices", &list_devices);
  get("/devices/{site}/{device}", &one_device);
  get("/devices/{site}/{device}/{metric}/hours", &hour_profile);
  get("/devices/{site}/{device}/{metric}/completeness", &completeness);
  get("/devices/{site}/{device}/{metric}/anomalies", &anomalies);
  get("/devices/{site}/{device}/{metric}/days", &day_over_day);
  get("/metrics", &list_series);
  get("/query", &query);
  get("/latest", &latest);
  get("/statistics", &statistics);
  routes.push_back({"GET", "/api/v1/openapi.json",
                    [](const Request& request) { return encoded(request, json(std::string(openapi_json))); }});
  return routes;
}

}  // namespace telltale::api
