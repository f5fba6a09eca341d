#pragma once

#include <string>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/outcome.hpp"
#include "proto/result.hpp"

namespace date {
class time_zone;
}

namespace telltale::proto {

// Reading and writing times as contracts 3 says. Errors are the reason why the time cannot be used.

/// Rules for wall-clock texts without an offset. Immutable; "UTC" needs no time zone data on the machine.
class TimeZone {
 public:
  TimeZone() = default;                             // UTC
  explicit TimeZone(const std::string& iana_name);  // throws ConfigError for an unknown name
  /// A local time that exists twice is the earlier one; one that does not exist is the moment of the change.
  [[nodiscard]] Timestamp to_utc(Millis local_since_1970) const;

 private:
  const date::time_zone* zone_ = nullptr;
};

/// A device's time is believed when it lies in here, relative to the receive time.
struct TimeWindow {
  Millis max_future{5 * 60 * 1000};
  Millis max_past{std::int64_t{31} * 24 * 3600 * 1000};
};

/// A JSON number as it was written: seconds (fractions allowed), ms, us or ns by size. Integers are read exactly.
/// Finer than a millisecond is cut off; a fraction of seconds is rounded to the nearest millisecond.
[[nodiscard]] Result<Timestamp, TimeReplaced> timestamp_from_number(std::string_view number);

/// ISO 8601 / RFC 3339, with or without offset, or a number in a string.
[[nodiscard]] Result<Timestamp, TimeReplaced> timestamp_from_text(std::string_view text, const TimeZone& zone);

/// The acceptance window; a time before 1978-07 (2^28 s) is an unset clock.
[[nodiscard]] Result<Timestamp, TimeReplaced> believe(Timestamp ts, Timestamp received, const TimeWindow& window);

/// "2025-11-21T04:40:00Z"; milliseconds only when there are any: "2025-11-21T04:40:00.250Z".
[[nodiscard]] std::string format_rfc3339(Timestamp ts);
/// The same behind what `out` holds. Cost: nothing is allocated but by `out`.
void append_rfc3339(std::string& out, Timestamp ts);

}  // namespace telltale::proto
