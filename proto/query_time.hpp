#pragma once

#include <string>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

/// A time as contracts 3 writes it (number by size, ISO 8601 in UTC), or "now", "now-15m"; "0" is the beginning.
/// The error is a sentence.
[[nodiscard]] Result<Timestamp, std::string> parse_query_time(std::string_view text, Timestamp now);

}  // namespace telltale::proto
