#include "ingest/log_clock.hpp"

#include <algorithm>
#include <utility>

namespace telltale::ingest {

LogClock::LogClock(const Clock& clock, std::optional<Timestamp> last) : clock_(clock) {
  const auto [steady, wall] = read_both();
  base_wall_ = last_ = wall;
  base_steady_ = steady;
  if (!last) return;
  if (*last - base_wall_ > tolerance) {
    step_ = proto::ClockStep{*last, base_wall_};
  } else {
    last_ = std::max(*last, base_wall_);
  }
}

LogClock::Both LogClock::read_both() const {
  constexpr int tries = 10;
  for (int i = 1;; ++i) {
    const auto before = clock_.steady_now();
    const auto wall = clock_.now();
    const auto after = clock_.steady_now();
    if (after - before <= at_once || i == tries) return {after, wall};
  }
}

Timestamp LogClock::now() {
  const auto [steady, wall] = read_both();
  const auto expected = base_wall_ + std::chrono::duration_cast<Millis>(steady - base_steady_);
  const auto away = wall - expected;
  if (away > tolerance || away < -tolerance) {
    const auto from = std::max(last_, expected);
    step_ = proto::ClockStep{step_ ? step_->from : from, wall};
    base_wall_ = wall;
    base_steady_ = steady;
    last_ = wall;
    return wall;
  }
  last_ = std::max(last_, expected);
  return last_;
}

std::optional<proto::ClockStep> LogClock::take_step() { return std::exchange(step_, std::nullopt); }

}  // namespace telltale::ingest
