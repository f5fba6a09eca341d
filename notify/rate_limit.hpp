#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "proto/clock.hpp"

namespace telltale::notify {

/// A token bucket: so many messages a minute, and as many at once after a quiet minute. 0: no limit.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_minute) : most_(per_minute), left_(per_minute) {}

  [[nodiscard]] bool take(Timestamp now) {
    if (most_ <= 0) return true;
    fill(now);
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  /// When take() will say yes, if nobody takes before.
  [[nodiscard]] Timestamp ready_at(Timestamp now) {
    if (most_ <= 0) return now;
    fill(now);
    return left_ >= 1 ? now : now + Millis{static_cast<std::int64_t>(std::ceil((1 - left_) * minute_ms / most_))};
  }

 private:
  static constexpr double minute_ms = 60'000;
  void fill(Timestamp now) {
    if (now > filled_) {
      const auto passed = static_cast<double>((now - filled_).count());
      left_ = std::min(most_, left_ + passed * most_ / minute_ms);
    }
    filled_ = now;
  }
  double most_, left_;
  Timestamp filled_;
};

}  // namespace telltale::notify
