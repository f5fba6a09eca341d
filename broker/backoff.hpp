#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "proto/clock.hpp"

namespace telltale::broker {

/// Exponential back-off with full jitter: each pause is uniform in [0, ceiling], the ceiling doubles from `least` to
/// `most`. (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
class Backoff {
 public:
  Backoff(Millis least, Millis most, std::uint64_t seed) : least_(least), most_(most), ceiling_(least), random_(seed) {}

  [[nodiscard]] Millis next() {
    const Millis pause{std::uniform_int_distribution<std::int64_t>{0, ceiling_.count()}(random_)};
    ceiling_ = std::min(ceiling_ * 2, most_);
    return pause;
  }
  /// After a connection that worked.
  void reset() { ceiling_ = least_; }

 private:
  Millis least_, most_, ceiling_;
  std::mt19937_64 random_;
};

}  // namespace telltale::broker
