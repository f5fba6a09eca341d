#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "store/query.hpp"

namespace telltale::api::prom {

using store::Sample;

enum class RangeFunction : std::uint8_t {
  avg_over_time,
  min_over_time,
  max_over_time,
  sum_over_time,
  count_over_time,
  last_over_time,
  stddev_over_time,
  rate,
  increase,
  delta,
};

[[nodiscard]] std::optional<RangeFunction> range_function(std::string_view name);
/// All names, for people: "avg_over_time min_over_time …".
[[nodiscard]] std::string_view range_function_names();

/// Both ends are included, as in Prometheus 2.42.
struct Window {
  Timestamp from, to;
};

/// The value over the samples of a window, ascending, not empty. None where there are too few: rate, increase and delta
/// need two. rate and increase add what a counter lost at each reset; all three extrapolate to the ends of the window
/// when the first or last sample is nearer to it than 1.1 mean distances, else by half of one, and a counter not below
/// zero (Prometheus 2.42, promql/functions.go, extrapolatedRate;
/// https://prometheus.io/docs/prometheus/2.42/querying/functions/#rate). Sums are compensated (Kahan; Neumaier 1974).
/// stddev is the population's (Welford 1962). Cost: linear in the samples.
[[nodiscard]] std::optional<double> value_over(RangeFunction what, std::span<const Sample> samples, Window window);

}  // namespace telltale::api::prom
