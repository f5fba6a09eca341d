#pragma once

#include <cstdint>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

/// Lets one number through per event: the first above `quiet`, then only what exceeds it clearly, until the record is
/// 200 readings or 120 hours old.
class RecordGate {
 public:
  static constexpr double quiet = 1.5;

  /// u, or 0.
  [[nodiscard]] double pass(Timestamp ts, double u);

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  float record_ = 0;
  std::uint32_t readings_since_ = 0;
  std::int64_t set_ms_ = 0;
};

}  // namespace telltale::analytics
