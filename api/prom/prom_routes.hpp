#pragma once

#include <vector>

#include "api/rest.hpp"

namespace telltale::api::prom {

/// /prom/api/v1/…: what Grafana's Prometheus data source asks (contracts 8), over the same readings and by the same
/// keys as /api/v1. Answers and errors have Prometheus' shapes, but for those that the gate and the server give. What
/// is given outlives the routes.
[[nodiscard]] std::vector<Route> prom_routes(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits = {},
                                             AnswerCache* answers = nullptr);

}  // namespace telltale::api::prom
