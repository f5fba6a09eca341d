#pragma once

#include <optional>

#include "proto/json_tape.hpp"
#include "proto/sample_sink.hpp"
#include "proto/timestamp.hpp"

namespace telltale::proto {

/// What a row says about its time: indices into the tape, absent when the key is absent or null.
struct TimeKeys {
  std::optional<std::uint32_t> ts, age_ms, uptime_ms, uptime_now_ms;
};

/// Finds out when a row was measured (contracts 3). A device without a set clock may still say how old its rows are, so
/// an unusable `ts` falls back to `age_ms`, then to the two uptimes. Counts a time that could not be used.
class RowClock {
 public:
  RowClock(TimeZone zone, TimeWindow window) : zone_(zone), window_(window) {}

  [[nodiscard]] RowTime time_of(const TimeKeys& keys, const JsonTape& tape, Timestamp received, SampleSink& sink) const;
  /// The same for one node, with a mapping's zone.
  [[nodiscard]] RowTime time_of(const JsonNode& node, const TimeZone& zone, Timestamp received, SampleSink& sink) const;
  /// A time that is only noted (status); nothing is counted.
  [[nodiscard]] std::optional<Timestamp> believable(const JsonNode& node, const TimeZone& zone,
                                                    Timestamp received) const;

  [[nodiscard]] const TimeZone& zone() const noexcept { return zone_; }

 private:
  [[nodiscard]] Result<Timestamp, TimeReplaced> absolute(const JsonNode& node, const TimeZone& zone,
                                                         Timestamp received) const;
  [[nodiscard]] Result<Timestamp, TimeReplaced> aged(std::optional<double> age_ms, Timestamp received) const;

  TimeZone zone_;
  TimeWindow window_;
};

/// A time as written, without the acceptance window.
[[nodiscard]] Result<Timestamp, TimeReplaced> timestamp_from_node(const JsonNode& node, const TimeZone& zone);

/// A number, or a number in a string.
[[nodiscard]] std::optional<double> number_in(const JsonNode& node);

}  // namespace telltale::proto
