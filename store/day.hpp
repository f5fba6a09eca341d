#pragma once

#include <cstdint>
#include <string>

#include "proto/clock.hpp"

namespace telltale::store {

inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}
/// Days since 1970-01-01 UTC.
[[nodiscard]] constexpr std::int64_t day_of(std::int64_t ms) noexcept { return floor_divide(ms, day_ms); }
/// Hours since 1970-01-01T00 UTC.
[[nodiscard]] constexpr std::int64_t hour_of(std::int64_t ms) noexcept { return floor_divide(ms, hour_ms); }

// Days that have a name of eight digits; no reading is stored outside them.
inline constexpr std::int64_t first_day = -719'162;  // 0001-01-01
inline constexpr std::int64_t last_day = 2'932'896;  // 9999-12-31

/// "20251121-raw-0.db". Precondition: first_day <= day <= last_day.
[[nodiscard]] std::string day_file_name(std::int64_t day);

}  // namespace telltale::store
