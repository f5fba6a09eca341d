#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

/// The axis of durations: log time without its clock steps. Deadlines and silence live here, data does not.
struct SteadyAxis {
  using duration = Millis;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyAxis>;
  static constexpr bool is_steady = true;
};
using Instant = SteadyAxis::time_point;

inline constexpr Instant never = Instant{Millis{-1}};
/// Later than any log that will be written (year 10000 and more); keeps sums of two times far from overflow.
inline constexpr Millis end_of_time{std::int64_t{1} << 50};

[[nodiscard]] constexpr Instant instant_from_ms(std::int64_t ms) noexcept { return Instant{Millis{ms}}; }
using telltale::to_ms;
[[nodiscard]] constexpr std::int64_t to_ms(Instant t) noexcept { return t.time_since_epoch().count(); }

/// Present log time and present steady time. Log time = steady time + the sum of all clock steps.
class LogClock {
 public:
  [[nodiscard]] Instant now() const noexcept { return now_; }
  [[nodiscard]] Timestamp log_now() const noexcept { return to_log(now_); }
  [[nodiscard]] Timestamp to_log(Instant t) const noexcept { return Timestamp{t.time_since_epoch() + offset_}; }
  [[nodiscard]] Instant to_instant(Timestamp t) const noexcept {
    return Instant{bounded(bounded(t.time_since_epoch()) - offset_)};
  }

  /// Steady time never runs backwards, whatever the log says.
  void advance(Instant to) noexcept { now_ = std::max(now_, to); }
  void step(Timestamp from, Timestamp to) noexcept {
    offset_ = bounded(offset_ + bounded(to.time_since_epoch()) - bounded(from.time_since_epoch()));
  }

  void encode(proto::ByteWriter& out) const {
    out.zigzag(to_ms(now_));
    out.zigzag(offset_.count());
  }
  [[nodiscard]] bool decode(proto::ByteReader& in) {
    now_ = Instant{bounded(Millis{in.zigzag()})};
    offset_ = bounded(Millis{in.zigzag()});
    return in.ok() && now_ >= Instant{};
  }

 private:
  [[nodiscard]] static constexpr Millis bounded(Millis t) noexcept { return std::clamp(t, -end_of_time, end_of_time); }
  Instant now_{};
  Millis offset_{0};
};

inline void put(proto::ByteWriter& out, Instant t) { out.zigzag(to_ms(t)); }
inline void put(proto::ByteWriter& out, Timestamp t) { out.zigzag(to_ms(t)); }
[[nodiscard]] inline Instant get_instant(proto::ByteReader& in) {
  const auto ms = in.zigzag();
  return instant_from_ms(std::clamp<std::int64_t>(ms, -1, 4 * end_of_time.count()));
}
[[nodiscard]] inline Timestamp get_timestamp(proto::ByteReader& in) {
  const auto ms = in.zigzag();
  return from_ms(std::clamp<std::int64_t>(ms, -4 * end_of_time.count(), 4 * end_of_time.count()));
}

}  // namespace telltale::analytics
