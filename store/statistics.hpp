#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "store/moments.hpp"
#include "store/query.hpp"

namespace telltale::store {

// What can be said about readings once they are in memory. Preconditions: ascending by time, one per time.

[[nodiscard]] std::array<Summary, 24> hour_profile(const std::vector<Sample>& samples, std::chrono::minutes utc_offset);

[[nodiscard]] std::optional<Completeness> completeness(const std::vector<Timestamp>& times, Range range,
                                                       std::optional<Millis> period);

/// Days as summaries, ascending by day.
[[nodiscard]] std::vector<DayChange> day_over_day(const std::vector<SummaryBucket>& days);

[[nodiscard]] std::vector<Outlier> outliers(const std::vector<Sample>& samples, double k);

}  // namespace telltale::store
