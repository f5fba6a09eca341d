#pragma once

#include <cstdint>
#include <vector>

#include "analytics/rule_runner.hpp"
#include "analytics/watchdog.hpp"
#include "analytics/windows.hpp"
#include "analytics/workspace.hpp"
#include "proto/reading.hpp"

namespace telltale::analytics {

/// Decides what a reading may do (design 5, contracts 3):
/// - every reading shows that its device lives; text, NaN and infinity do nothing else;
/// - the same ts as the series' newest: a duplicate, nothing; older than the newest: only its window;
/// - backlog (no own time, from before we caught up): only the last value, judged once when we have caught up;
/// - older than live_max_age + the device's period: history: its window, never the rules;
/// - all others: windows and rules.
/// An older reading that repeats a stored one is told from a late one by its window (as far as that goes). Retained
/// copies are no observation and change nothing here. Cost: O(1) a reading plus its rules and windows.
class ReadingGate {
 public:
  ReadingGate(Workspace& ws, Watchdog& watchdog, Windows& windows, RuleRunner& rules)
      : ws_(ws), watchdog_(watchdog), windows_(windows), rules_(rules) {}

  void series_added(std::uint32_t series);
  void series_removed(std::uint32_t series);
  void take(const proto::Reading& reading);
  void caught_up();

  [[nodiscard]] Sample last(std::uint32_t series) const {
    return {last_[series].value, last_[series].newest, last_[series].boolean};
  }
  /// Heard of the series within its device's stale limit, and nothing keeps readings from us.
  [[nodiscard]] bool fresh(std::uint32_t series) const;

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  static constexpr Timestamp before_all = Timestamp{-2 * end_of_time};
  struct Last {
    Timestamp newest = before_all;
    double value = 0;
    Instant judged = never;
    bool backlog = false;  // to be judged when we have caught up
    bool boolean = false;
  };
  void judge(std::uint32_t series, Last& last);

  Workspace& ws_;
  Watchdog& watchdog_;
  Windows& windows_;
  RuleRunner& rules_;
  std::vector<Last> last_ = std::vector<Last>(1);
  std::vector<std::uint32_t> backlog_;
};

}  // namespace telltale::analytics
