#pragma once

#include <optional>

#include "proto/clock.hpp"
#include "proto/event.hpp"

namespace telltale::ingest {

/// The log's time: advances with the monotonic clock, and follows the wall clock when that runs away by more
/// than 2 s. The jump is handed out once, as an event; what stands behind the log subtracts it from durations.
/// Threads: the writer's.
class LogClock {
 public:
  /// `last`: log time of the newest batch on disk. A wall clock that is behind it by more than 2 s is a step too.
  LogClock(const Clock& clock, std::optional<Timestamp> last);

  /// Never goes back except across a step.
  [[nodiscard]] Timestamp now();
  [[nodiscard]] bool step_pending() const noexcept { return step_.has_value(); }
  /// The step that now() noticed and that has not been taken yet.
  [[nodiscard]] std::optional<proto::ClockStep> take_step();

  static constexpr Millis tolerance{2000};

 private:
  struct Both {
    std::chrono::steady_clock::time_point steady;
    Timestamp wall;
  };
  /// Both clocks at one moment: a process that was not run between two looks would see a step.
  [[nodiscard]] Both read_both() const;
  static constexpr Millis at_once{100};

  const Clock& clock_;
  Timestamp base_wall_;
  std::chrono::steady_clock::time_point base_steady_{};
  Timestamp last_;
  std::optional<proto::ClockStep> step_;
};

}  // namespace telltale::ingest
