#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/alert_pattern.hpp"
#include "proto/zone_offsets.hpp"

namespace telltale::proto {

/// [from, until)
struct TimeSpan {
  Timestamp from, until;
  [[nodiscard]] bool covers(Timestamp t) const noexcept { return from <= t && t < until; }
  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

/// A time in which alerts that match are silenced, by configuration: once, or every week.
struct MaintenanceWindow {
  std::string name;
  AlertPattern pattern;
  std::string comment;
  std::optional<TimeSpan> once;
  // Without `once`: on these days of the week.
  std::uint8_t weekdays = 0;  // bit 0 = Monday … bit 6 = Sunday
  Millis start{0};            // of the local day
  Millis duration{0};         // as it passes, also over a change of the clocks
  ZoneOffsets zone;
  friend bool operator==(const MaintenanceWindow&, const MaintenanceWindow&) = default;
};

/// The first occurrence that ends after `t`; it may cover `t`. Nothing when there is none any more.
/// Cost: O(days of the duration + a week).
[[nodiscard]] std::optional<TimeSpan> next_occurrence(const MaintenanceWindow& window, Timestamp t);

void encode(const MaintenanceWindow& window, ByteWriter& out);
/// Any bytes are safe; false when they are not a window.
[[nodiscard]] bool decode(ByteReader& in, MaintenanceWindow& window);

}  // namespace telltale::proto
