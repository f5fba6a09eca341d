#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "proto/log.hpp"
#include "proto/reading.hpp"
#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "store/rollup.hpp"

namespace telltale::store {

/// The day's rows in the month's two files; nothing is seen before commit(). The steps may be killed apart: the day is
/// rolled up again then. Threads: one. Errors: StoreFailure.
class DayRollups {
 public:
  DayRollups(const std::filesystem::path& folder, Catalog& catalog, const DayGroup& group, proto::Logger& log);

  /// Takes the place of the series' rows, but not of rows that were made from more than can be read now.
  void put(proto::SeriesId series, const std::vector<proto::Reading>& readings, std::size_t damaged_chunks);
  void commit();

 private:
  bool replaced(RollupFile& file, RollupFile::Replace& rows, proto::SeriesId series, bool lost);

  Catalog& catalog_;
  proto::Logger& log_;
  std::string klass_;
  RollupFile hours_file_, days_file_;
  RollupFile::Replace hours_, days_;
  RollupBuilder builder_;
  std::int64_t day_;
  bool lost_;                // readings of the day are known to be
  std::size_t damaged_ = 0;  // chunks
  bool had_hours_, had_days_;
};

}  // namespace telltale::store
