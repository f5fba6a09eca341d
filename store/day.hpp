#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

/// Which file a day's readings of one retention class are in. Revisions of a day and class only grow.
struct DayFileName {
  std::int64_t day = 0;
  std::string klass = "raw";
  std::uint32_t rev = 0;
  friend bool operator==(const DayFileName&, const DayFileName&) = default;
};
/// "20251121-raw-0.db". Precondition: first_day <= day <= last_day.
[[nodiscard]] std::string to_string(const DayFileName& name);
[[nodiscard]] std::optional<DayFileName> parse_day_file_name(std::string_view name);

/// "20251121". Precondition as above.
[[nodiscard]] std::string day_text(std::int64_t day);
/// Months since year 0.
[[nodiscard]] std::int64_t month_of_day(std::int64_t day);

}  // namespace telltale::store
