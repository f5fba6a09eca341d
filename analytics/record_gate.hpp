#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

inline constexpr std::int64_t latest_minute = (std::int64_t{1} << 30) - 1;

/// Minutes since 1970 in four bytes, enough until the year 4011.
[[nodiscard]] inline std::int32_t minute_of(std::int64_t ms) noexcept {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms / 60'000, -latest_minute, latest_minute));
}

/// Lets one number through per event: the first above `quiet`, then only what exceeds it clearly, until the record is
/// 200 readings or 120 hours old.
class RecordGate {
 public:
  static constexpr double quiet = 1.5;

  /// u, or 0.
  [[nodiscard]] double pass(Timestamp ts, double u);

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);
  /// By name, to write them or to read them.
  template <class Field>
  void fields(Field& field) {
    field("record", record_);
    field("readings_since_record", readings_since_);
    field("record_minute", set_minute_);
  }
  template <class Field>
  void fields(Field& field) const {
    const_cast<RecordGate*>(this)->fields(field);
  }

 private:
  float record_ = 0;
  std::uint32_t readings_since_ = 0;
  std::int32_t set_minute_ = 0;
};

}  // namespace telltale::analytics
