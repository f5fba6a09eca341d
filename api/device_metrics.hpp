#pragma once

#include "api/archive.hpp"
#include "api/gate.hpp"
#include "api/rest.hpp"

namespace telltale::api {

/// Readings older than this are no news, and left out: Prometheus would show them as of now.
inline constexpr Millis device_metrics_reach{60 * 60 * 1000};

/// /metrics/devices: the newest reading of each series of the caller's tenant as telltale_sensor_value (contracts 9),
/// for keys that may read. More than limits.rows series: 422. What is given outlives the route.
[[nodiscard]] Route device_metrics_route(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits = {});

}  // namespace telltale::api
