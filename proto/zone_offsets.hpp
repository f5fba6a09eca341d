#pragma once

#include <string>
#include <vector>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::proto {

/// A time zone as plain data: when its offset from UTC changes. Part of what is logged, so that a replay does not
/// depend on the time zone data of the machine it runs on.
struct ZoneOffsets {
  struct Change {
    Timestamp at;
    Millis offset;  // local time less UTC, from `at` on
    friend bool operator==(const Change&, const Change&) = default;
  };
  std::string name = "UTC";
  Millis first{0};              // before the first change
  std::vector<Change> changes;  // ascending; the last one holds for ever

  [[nodiscard]] Millis at(Timestamp t) const;
  /// Local milliseconds since 1970. A local time that exists twice is the earlier one; one that does not exist is the
  /// moment of the change. Cost: O(changes).
  [[nodiscard]] Timestamp to_utc(Millis local) const;
  friend bool operator==(const ZoneOffsets&, const ZoneOffsets&) = default;
};

/// Offsets of the years 2020 to 2059 from the time zone data of this machine ("UTC" needs none).
/// Throws ConfigError for an unknown name.
[[nodiscard]] ZoneOffsets zone_offsets(const std::string& iana_name);

void encode(const ZoneOffsets& zone, ByteWriter& out);
[[nodiscard]] bool decode(ByteReader& in, ZoneOffsets& zone);

}  // namespace telltale::proto
