#pragma once

#include <cstdint>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::bench {

/// The readings of a fleet, the same for the store and for its peers: random walks, of ten series seven with 2
/// decimals, one with 1, one with 3, one constant; a fixed period with +-20 ms jitter; round robin over the series,
/// each at its own place in the period. The same shape and seed give the same readings. Cost: a few nanoseconds a
/// reading.
struct TelemetryShape {
  std::uint32_t series = 1000;
  std::int64_t period_ms = 10'000;
  std::uint64_t seed = 1;
  std::int64_t start_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
};

class Telemetry {
 public:
  explicit Telemetry(TelemetryShape shape);

  struct Sample {
    std::uint32_t series;  // from 0
    std::int64_t ts_ms;
    double value;
  };
  [[nodiscard]] Sample next() noexcept;
  [[nodiscard]] const TelemetryShape& shape() const noexcept { return shape_; }
  /// Of the newest period begun: the fleet's present.
  [[nodiscard]] std::int64_t now_ms() const noexcept { return shape_.start_ms + tick_ * shape_.period_ms; }

 private:
  struct Walk {
    std::int64_t value;  // in units of the last decimal
    std::int64_t step;   // largest; 0 = constant
    std::int64_t divisor;
    std::int64_t phase_ms;
    std::uint64_t random;
  };

  TelemetryShape shape_;
  std::vector<Walk> walks_;
  std::uint32_t next_series_ = 0;
  std::int64_t tick_ = 0;
};

}  // namespace telltale::bench
