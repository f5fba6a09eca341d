#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/batch.hpp"
#include "store/points.hpp"

namespace telltale::store {

/// Readings of a stretch of the log, by series and in order of arrival within each: 13 bytes each, and 8 per series.
/// Immutable.
class LogRun {
 public:
  /// Times are kept as differences: no stretch may be longer than this (49 days).
  static constexpr std::int64_t most_span_ms = UINT32_MAX;

  /// Precondition: [t_min, t_max] holds the batch's readings and is no longer than most_span_ms.
  LogRun(const proto::Batch& batch, std::int64_t t_min, std::int64_t t_max);
  /// Both, one after the other. Precondition as above; and the texts of both are below 4 GiB.
  LogRun(const LogRun& earlier, const LogRun& later);

  /// Appends the readings of one series in [from, to). Cost: a binary search, then the series' readings.
  void read(proto::SeriesId series, std::int64_t from, std::int64_t to, Points& out) const;
  /// The series that have readings, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& series() const noexcept { return series_; }
  /// Of the i-th series in [from, to): calls visit(ts).
  template <class Visit>
  void times(std::size_t i, std::int64_t from, std::int64_t to, Visit&& visit) const {
    for (auto at = starts_[i]; at < starts_[i + 1]; ++at)
      if (const auto ts = t_min_ + static_cast<std::int64_t>(offsets_[at]); ts >= from && ts < to) visit(ts);
  }

  [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] std::size_t text_bytes() const noexcept { return arena_.size(); }
  [[nodiscard]] std::int64_t t_min() const noexcept { return t_min_; }
  [[nodiscard]] std::int64_t t_max() const noexcept { return t_max_; }

 private:
  void take(const LogRun& from, std::size_t i);

  std::int64_t t_min_, t_max_;
  std::vector<std::uint32_t> series_;
  std::vector<std::uint32_t> starts_;   // of series_[i] in the columns; one more at the end
  std::vector<std::uint32_t> offsets_;  // ms behind t_min_
  std::vector<std::uint64_t> values_;   // the bits of Reading's value
  std::vector<std::uint8_t> kinds_;     // type and source
  std::string arena_;
};

}  // namespace telltale::store
