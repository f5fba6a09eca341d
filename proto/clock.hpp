#pragma once

#include <chrono>
#include <cstdint>

namespace telltale {

/// Milliseconds UTC. Every time in the product, on disk and on the wire, is one of these.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

[[nodiscard]] constexpr std::int64_t to_ms(Timestamp t) noexcept { return t.time_since_epoch().count(); }
[[nodiscard]] constexpr Timestamp from_ms(std::int64_t ms) noexcept { return Timestamp{Millis{ms}}; }

/// The outside world's time, handed in so that tests can simulate it.
/// Threads: implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Calendar time: stamps on data. May jump.
  [[nodiscard]] virtual Timestamp now() const = 0;
  /// Never jumps: deadlines, silence, back-off.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

}  // namespace telltale
