#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/http_message.hpp"

namespace telltale::api {

class Registry;

/// One line of /readyz. `state` answers "ok", or one word for what is wrong ("down", "disk-low"); any thread.
struct HealthCheck {
  std::string name;
  std::function<std::string()> state;
};

/// GET /healthz: 200 as long as the process answers.
[[nodiscard]] Route healthz_route();

/// GET /readyz: 200 when every check says "ok", else 503 with the same shape (contracts 7).
[[nodiscard]] Route readyz_route(std::vector<HealthCheck> checks);

/// GET /metrics. The registry outlives the route.
[[nodiscard]] Route metrics_route(const Registry& registry);

}  // namespace telltale::api
