#include "store/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "store/day.hpp"

namespace telltale::store {

std::array<Summary, 24> hour_profile(const std::vector<Sample>& samples, std::chrono::minutes utc_offset) {
  std::array<Moments, 24> hours;
  const Millis offset = utc_offset;
  for (const auto& sample : samples) {
    const auto hour = hour_of(to_ms(sample.ts + offset));
    hours[static_cast<std::size_t>(hour - floor_divide(hour, 24) * 24)].add(sample.value);
  }
  std::array<Summary, 24> out;
  std::ranges::transform(hours, out.begin(), [](const Moments& m) { return m.summary(); });
  return out;
}

std::optional<Completeness> completeness(const std::vector<Timestamp>& times, Range range,
                                         std::optional<Millis> period) {
  if (range.from >= range.to) return std::nullopt;
  if (!period) {
    if (times.size() < 2) return std::nullopt;
    std::vector<Millis> distances;
    distances.reserve(times.size() - 1);
    for (std::size_t i = 1; i < times.size(); ++i) distances.push_back(times[i] - times[i - 1]);
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::ranges::nth_element(distances, middle);
    period = *middle;
  }
  if (period->count() <= 0) return std::nullopt;
  Completeness out{times.size(), 0, *period, 0};
  const double length = static_cast<double>((range.to - range.from).count());
  out.expected = static_cast<std::uint64_t>(std::max(1.0, std::round(length / static_cast<double>(period->count()))));
  out.ratio = std::min(1.0, static_cast<double>(out.seen) / static_cast<double>(out.expected));
  return out;
}

std::vector<DayChange> day_over_day(const std::vector<SummaryBucket>& days) {
  std::vector<DayChange> out;
  for (std::size_t i = 1; i < days.size(); ++i) {
    if (days[i].start - days[i - 1].start != Millis{day_ms}) continue;
    const double before = days[i - 1].summary.mean;
    const double mean = days[i].summary.mean;
    out.push_back({days[i].start, mean, mean - before, before != 0 ? std::optional(mean / before) : std::nullopt});
  }
  return out;
}

std::vector<Outlier> outliers(const std::vector<Sample>& samples, double k) {
  Moments all;
  for (const auto& sample : samples) all.add(sample.value);
  const auto [n, mean, stddev, min, max, sum] = all.summary();
  std::vector<Outlier> out;
  if (!(stddev > 0)) return out;
  for (const auto& sample : samples)
    if (const double z = (sample.value - mean) / stddev; std::abs(z) > k) out.push_back({sample, z});
  return out;
}

}  // namespace telltale::store
