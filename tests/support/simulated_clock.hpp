#pragma once

#include <atomic>

#include "proto/clock.hpp"

namespace telltale::test {

/// Time that moves when the test says so. Safe from any thread.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Timestamp start = from_ms(1'763'700'000'000)) : now_ms_(to_ms(start)) {}

  [[nodiscard]] Timestamp now() const override { return from_ms(now_ms_.load()); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point{Millis{steady_ms_.load()}};
  }
  void advance(Millis by) {
    now_ms_ += by.count();
    steady_ms_ += by.count();
  }
  /// The wall clock jumps; the steady clock does not.
  void step(Millis by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> steady_ms_{1'000'000};
};

}  // namespace telltale::test
