#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "analytics/log_clock.hpp"

namespace telltale::analytics {

/// Windows are aligned to the epoch, so hours and days are UTC's.
[[nodiscard]] inline Timestamp window_start(Timestamp ts, Millis length) {
  const auto since_epoch = ts.time_since_epoch();
  auto rest = since_epoch % length;
  if (rest < Millis{0}) rest += length;
  return Timestamp{since_epoch - rest};
}

/// Count, mean, spread and extremes of readings. Mean and spread by Welford's method (B. P. Welford, 1962), of two sums
/// together by Chan, Golub and LeVeque (1979); population.
struct WindowSum {
  double mean = 0, m2 = 0, min = 0, max = 0, last = 0;
  Timestamp last_ts;
  std::uint32_t count = 0;

  void add(Timestamp ts, double x) noexcept {
    widen(x, x, ts, x);
    ++count;
    const double d = x - mean;
    mean += d / count;
    m2 += d * (x - mean);
  }
  void add(const WindowSum& other) noexcept {
    if (other.count == 0) return;
    widen(other.min, other.max, other.last_ts, other.last);
    const double n = static_cast<double>(count) + other.count;
    const double d = other.mean - mean;
    m2 += other.m2 + d * d * (count * (other.count / n));
    mean += d * (other.count / n);
    count += other.count;
  }
  /// Count, mean and spread as before `other` was added; the extremes stay. Precondition: it was added.
  void take_out(const WindowSum& other) noexcept {
    const double n = count;
    const double rest = n - other.count;
    if (rest < 1) {
      count = 0;
      mean = m2 = 0;
      return;
    }
    const double d = other.mean - (n * mean - other.count * other.mean) / rest;
    mean = other.mean - d;
    m2 = std::max(0.0, m2 - other.m2 - d * d * (rest * (other.count / n)));
    count -= other.count;
  }
  [[nodiscard]] double stddev() const noexcept { return std::sqrt(m2 / count); }

 private:
  void widen(double low, double high, Timestamp ts, double newest) noexcept {
    const bool first = count == 0;
    min = first ? low : std::min(min, low);
    max = first ? high : std::max(max, high);
    if (!first && ts < last_ts) return;
    last_ts = ts;
    last = newest;
  }
};

}  // namespace telltale::analytics
