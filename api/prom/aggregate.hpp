#pragma once

#include "api/prom/evaluator.hpp"

namespace telltale::api::prom {

/// Groups series by their labels and makes one of each group; topk keeps the k largest of each group at each step as
/// they are, NaN being the least (Prometheus 2.42, promql/engine.go, aggregation). Errors: execution, when k is no
/// whole number that fits.
[[nodiscard]] Result<InstantVector, QueryError> aggregate(const Aggregation& how, InstantVector of, const Steps& steps);

}  // namespace telltale::api::prom
