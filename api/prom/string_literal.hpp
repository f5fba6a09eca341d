#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/prom/error.hpp"

namespace telltale::api::prom {

/// Reads the string that begins at `at`, in "double" or 'single' quotes with the escapes of Go (\n, \x41, \101, \u00e4,
/// \U0001f321, …), or in `backticks` as it stands; sets `at` behind it.
/// Source: https://prometheus.io/docs/prometheus/2.42/querying/basics/#string-literals
[[nodiscard]] Result<std::string, QueryError> read_string_literal(std::string_view query, std::size_t& at);

}  // namespace telltale::api::prom
