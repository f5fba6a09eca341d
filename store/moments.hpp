#pragma once

#include <cstdint>

#include "store/query.hpp"

namespace telltale::store {

/// Count, mean, spread and extremes of numbers, which can be added up in any order (only `last` asks for that of time).
/// Spread: Welford for single numbers (Technometrics 4(3), 1962), Chan, Golub and LeVeque for sets (COMPSTAT 1982).
class Moments {
 public:
  void add(double x) noexcept;
  void add(const Moments& later) noexcept;

  /// A set of which only sums are known. Where the mean is far larger than the spread, the spread is lost in rounding:
  /// stddev_is_sound() says so.
  static Moments of(std::uint64_t n, double min, double max, double sum, double sumsq, double last) noexcept;

  [[nodiscard]] std::uint64_t n() const noexcept { return n_; }
  [[nodiscard]] double stddev() const noexcept;
  /// Known to better than about one in a million.
  [[nodiscard]] bool stddev_is_sound() const noexcept;
  /// Precondition: n() > 0.
  [[nodiscard]] double value(Aggregate what) const noexcept;
  [[nodiscard]] Summary summary() const noexcept;

 private:
  std::uint64_t n_ = 0;
  double mean_ = 0, m2_ = 0, sum_ = 0, min_ = 0, max_ = 0, last_ = 0;
  double m2_error_ = 0;  // how far m2_ may be off
};

}  // namespace telltale::store
