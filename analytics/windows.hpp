#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analytics/window_sum.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// Tumbling windows aligned to UTC, per series, for the lengths of RuleSet.windows (each series' aggregate) and
/// rollup_windows (all metrics of a device in one row). A window closes when log time passes its end + allowed
/// lateness, after the same duration even if the wall clock steps meanwhile; a reading for a closed window is counted
/// as late. Whole hours and longer are derived: what a shorter window held when it closed (the longest configured one
/// under an hour, else one of 5 m that is not published) is added to them, so a reading late for that one is late for
/// them too. An older reading in a window's 64th that already has one is a repetition and counts once, as long as the
/// window holds no more than 64; in a denser window a repetition cannot be told from a late reading in O(1) and counts
/// again. Cost: add() is O(lengths under an hour), without division, hash or allocation while a series stays in its
/// window;
///       closing is linear in the series that were touched (plus sorting their numbers), in order of series id, then
///       device key.
/// Memory: open windows only.
class Windows {
 public:
  explicit Windows(Workspace& ws) : ws_(ws) {}

  /// ws.rules holds new lengths. Open windows of lengths that are gone are dropped unsaid.
  void lengths_changed();
  void series_added(std::uint32_t series);
  void series_removed(std::uint32_t series);  // its open windows are dropped unsaid
  /// `older`: not newer than the series' newest reading.
  enum class Arrival : std::uint8_t { newest, older };
  void add(std::uint32_t series, Timestamp ts, double x, Arrival arrival);

  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer) const;
  [[nodiscard]] std::uint64_t late() const { return late_; }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in, unsigned version);

 private:
  struct Sum : WindowSum {
    Timestamp start;
    std::uint64_t taken = 0;  // 64ths of the window that have a reading; of derived ones 0
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
    bool derived = false;
    std::uint64_t slot_scale = 0;  // (time since start in ms x this) >> 32 is the 64th of the window
    std::vector<Window> open;      // by start
    std::vector<Sum> pool;
    std::vector<std::uint32_t> free;
    std::vector<std::uint32_t> newest;  // by series: pool index + 1
  };
  [[nodiscard]] static bool repetition(const Track& track, Sum& sum, Timestamp ts, Arrival arrival);
  [[nodiscard]] static Sum* find(Track& track, std::uint32_t series, Timestamp ts);
  /// nullptr: that window is closed.
  [[nodiscard]] Sum* find_or_open(Track& track, std::uint32_t series, Timestamp ts);
  void derive(const std::vector<Sum>& sums);
  [[nodiscard]] bool decode(proto::ByteReader& in, Track& track, unsigned version);
  void take_out_open();
  [[nodiscard]] Sum& new_sum(Track& track, Window& window, std::uint32_t series);
  void close(Track& track, const Window& window);
  void say_aggregates(const Track& track, const std::vector<Sum>& sums);
  void say_rollups(const Track& track, std::vector<Sum>& sums);
  [[nodiscard]] const Track* track_of(const Timer& timer) const;

  Workspace& ws_;
  std::vector<Track> tracks_;  // by length
  Millis base_{0};             // from which the derived ones are made; 0 = there are none
  std::uint64_t late_ = 0;
};

}  // namespace telltale::analytics
