#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proto/clock.hpp"
#include "proto/reading.hpp"

namespace telltale::proto {

/// What a rule of type `unusual` expects of one series by the hour of its site's day, in the metric's unit.
struct ExpectedHours {
  std::string rule;
  double limit = 0;
  Millis utc_offset{0};  // the site's time less UTC, now

  struct Hour {
    unsigned hour = 0;  // 0 to 23
    double expected = 0;
    std::optional<double> away;  // one reading alone that is further off is told; nothing: none is
    friend bool operator==(const Hour&, const Hour&) = default;
  };
  std::vector<Hour> hours;  // ascending; those of which the rule knows something

  friend bool operator==(const ExpectedHours&, const ExpectedHours&) = default;
};

/// Asks the detector that is at work what it expects. Threads: any.
class Expectations {
 public:
  virtual ~Expectations() = default;

  /// By the rules that watch the series, in their order; empty: none does. Nothing: not known yet, the service is still
  /// reading its log.
  using Told = std::function<void(const std::optional<std::vector<ExpectedHours>>&)>;
  /// `told` is called soon, on another thread; never when the service ends before.
  virtual void expected(SeriesId series, Told told) = 0;
};

}  // namespace telltale::proto
