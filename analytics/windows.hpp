#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// Tumbling windows aligned to UTC, per series, for the lengths of RuleSet.windows (each series' aggregate) and
/// rollup_windows (all metrics of a device in one row). A window closes when log time passes its end + allowed
/// lateness, after the same duration even if the wall clock steps meanwhile; a reading for a closed window is counted.
/// Mean and spread by Welford's method (B. P. Welford, 1962), population.
/// Cost: add() is O(lengths), without division, hash or allocation while a series stays in its window; closing is
///       linear in the series that were touched (plus sorting their numbers), in order of series id, then device key.
/// Memory: open windows only.
class Windows {
 public:
  explicit Windows(Workspace& ws) : ws_(ws) {}

  /// ws.rules holds new lengths. Open windows of lengths that are gone are dropped unsaid.
  void lengths_changed();
  void series_added(std::uint32_t series);
  void add(std::uint32_t series, Timestamp ts, double x);

  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer) const;
  [[nodiscard]] std::uint64_t late() const { return late_; }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  struct Sum {
    Timestamp start, last_ts;
    double mean = 0, m2 = 0, min = 0, max = 0, last = 0;
    std::uint32_t count = 0;
    std::uint32_t series = 0;
    std::uint32_t next = 0;  // older open window of this series, as index + 1 into the pool; 0 = none
  };
  struct Window {
    Timestamp start;
    Instant closes;
    std::vector<std::uint32_t> sums;  // indexes into the pool, in order of arrival
  };
  struct Track {
    Millis length{0};
    bool aggregates = false;
    bool rollups = false;
    std::vector<Window> open;  // by start
    std::vector<Sum> pool;
    std::vector<std::uint32_t> free;
    std::vector<std::uint32_t> newest;  // by series: pool index + 1
  };
  static void update(Sum& sum, Timestamp ts, double x);
  [[nodiscard]] Sum* find_or_open(Track& track, std::uint32_t series, Timestamp ts);
  [[nodiscard]] Sum& new_sum(Track& track, Window& window, std::uint32_t series);
  void close(Track& track, const Window& window);
  void say_aggregates(const Track& track, const std::vector<Sum>& sums);
  void say_rollups(const Track& track, std::vector<Sum>& sums);
  [[nodiscard]] const Track* track_of(const Timer& timer) const;

  Workspace& ws_;
  std::vector<Track> tracks_;  // by length
  std::uint64_t late_ = 0;
};

}  // namespace telltale::analytics
