#pragma once

#include <vector>

#include "api/rest.hpp"

namespace telltale::api {

/// /grafana/…: what Grafana's JSON data source asks (contracts 8), answered by the handlers of /api/v1 with the same
/// keys and bounds. A target is "site/device/metric". Errors are problem documents with a member `error` besides.
[[nodiscard]] std::vector<Route> grafana_routes(const RestParts& parts, RestLimits limits = {});

}  // namespace telltale::api
