#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proto/reading.hpp"
#include "store/directory.hpp"
#include "store/query.hpp"

namespace telltale::backtest {

/// Which series are meant: patterns with `*`.
struct SeriesPatterns {
  std::string tenant = "*", site = "*", device = "*", metric = "*";
};

/// Readings of many series as they were measured, in the order of their own times.
/// Threads: one. Errors: StoreFailure where there is a store behind it.
class History {
 public:
  virtual ~History() = default;
  /// The series of the history and their devices, sorted by key.
  [[nodiscard]] virtual const store::Directory& directory() const = 0;
  /// Times of the first and, plus a millisecond, the last reading; from == to when there is none.
  [[nodiscard]] virtual store::Range extent() const = 0;
  /// From here on next() gives the readings in `range`.
  virtual void start(store::Range range) = 0;
  /// The next piece: ascending by (time, series), all later than the piece before. False at the end.
  /// What a piece holds of text values is only that they are there.
  [[nodiscard]] virtual bool next(std::vector<proto::Reading>& piece) = 0;
  /// What one series looks like: at most `points` samples with every peak, ascending.
  [[nodiscard]] virtual std::vector<store::Sample> shape(proto::SeriesId series, store::Range range,
                                                         std::size_t points) = 0;
};

/// The part of a directory that the patterns name.
[[nodiscard]] store::Directory matching(const store::Directory& all, const SeriesPatterns& patterns);

}  // namespace telltale::backtest
