#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/archive.hpp"
#include "api/gate.hpp"
#include "api/http_message.hpp"
#include "proto/clock.hpp"

namespace telltale::api {

/// Bounds of one answer; more is 422 too-many-points, before it is worked out.
struct RestLimits {
  std::size_t rows = 100'000;
  std::size_t series = 1'000;
  std::uint64_t readings = 20'000'000;  // that must be decoded one by one
  std::size_t anomalies = 10'000;
};

/// GET /api/v1/…: what is stored, for whom the gate lets in (contracts 7), and /api/v1/openapi.json, for anybody.
/// What is given outlives the routes.
[[nodiscard]] std::vector<Route> rest_routes(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits = {});

}  // namespace telltale::api
