#include "api/health.hpp"

#include "api/json_text.hpp"
#include "api/registry.hpp"

namespace telltale::api {

namespace {

Response readiness(const std::vector<HealthCheck>& checks) {
  bool ready = true;
  std::string states;
  for (const auto& check : checks) {
    const std::string state = check.state();
    ready = ready && state == "ok";
    if (!states.empty()) states += ',';
    states += json_string(check.name) + ':' + json_string(state);
  }
  Response response;
  response.status = ready ? 200 : 503;
  response.body = std::string(R"({"status":")") + (ready ? "ok" : "degraded") + R"(","checks":{)" + states + "}}";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!ready) response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

Route healthz_route() {
  return {"GET", "/healthz", [](const Request&) {
            return Response{200, "application/json", R"({"status":"ok"})", {{"Cache-Control", "no-store"}}};
          }};
}

Route readyz_route(std::vector<HealthCheck> checks) {
  return {"GET", "/readyz", [checks = std::move(checks)](const Request&) { return readiness(checks); }};
}

Route metrics_route(const Registry& registry) {
  return {"GET", "/metrics", [&registry](const Request&) {
            return Response{200, "text/plain; version=0.0.4; charset=utf-8", registry.text(), {}};
          }};
}

}  // namespace telltale::api
