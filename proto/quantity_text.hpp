#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

// Quantities as people write them: a whole number and its unit. The error of each is a sentence without the place.

/// "20ms" "2s" "5m" "1h" "7d".
[[nodiscard]] Result<Millis, std::string> parse_duration(std::string_view text);
/// "512B" "64KiB" "64MiB" "2GiB" "1TiB".
[[nodiscard]] Result<std::uint64_t, std::string> parse_size(std::string_view text);

/// The same with the largest unit that divides it.
[[nodiscard]] std::string duration_text(Millis value);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// "1 chunk", "2 chunks"; `plural` where an s is not enough.
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view one, std::string_view plural = {});

}  // namespace telltale::proto
