#include "ingest/log_clock.hpp"

#include <algorithm>
#include <utility>

namespace telltale::ingest {

LogClock::LogClock(const Clock& clock, std::optional<Timestamp> last)
    : clock_(clock), base_wall_(clock.now()), base_steady_(clock.steady_now()), last_(base_wall_) {
  if (!last) return;
  if (*last - base_wall_ > tolerance) {
    step_ = proto::ClockStep{*last, base_wall_};
  } else {
    last_ = std::max(*last, base_wall_);
  }
}

Timestamp LogClock::now() {
  const auto steady = clock_.steady_now();
  const auto wall = clock_.now();
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
