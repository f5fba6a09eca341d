#pragma once

#include <string_view>

#include "api/prom/error.hpp"
#include "proto/clock.hpp"

namespace telltale::api::prom {

/// "1h30m": each of y w d h m s ms at most once, in this order (Prometheus 2.42, model.ParseDuration); a year is 365
/// days. Errors: bad_data for other text, for 0 and for what is longer than 2^63 ns.
[[nodiscard]] Result<Millis, QueryError> parse_duration(std::string_view text);

}  // namespace telltale::api::prom
