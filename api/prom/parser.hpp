#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "api/prom/expression.hpp"

namespace telltale::api::prom {

/// Bounds of one query; more is bad_data.
struct ParserLimits {
  std::size_t bytes = 16 * 1024;
  std::size_t height = 100;  // of the tree, and of brackets and signs within each other
};

/// Reads the subset of PromQL of contracts 8, in the grammar of Prometheus 2.42
/// (https://prometheus.io/docs/prometheus/2.42/querying/basics/, …/operators/, …/functions/).
/// Errors: bad_data with line and column; what Prometheus knows and we do not is named as unsupported.
/// Cost: linear in the query; recursion within limits.height.
[[nodiscard]] Result<Expression, QueryError> parse(std::string_view query, const ParserLimits& limits = {});

/// A selector alone, as match[] takes it. Errors: as parse().
[[nodiscard]] Result<Selector, QueryError> parse_series_selector(std::string_view query);

}  // namespace telltale::api::prom
