#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>

#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "store/retention.hpp"

namespace telltale::store {

/// Ends the life of files: days and rollups that have outlived their class, and what a kill left behind. Whole files
/// are unlinked; nothing is ever deleted row by row (lesson 22). Threads: the seal thread's. Errors: StoreFailure.
class DayRetention {
 public:
  DayRetention(std::filesystem::path folder, Catalog& catalog, DayClose& close, const RetentionPolicy& policy,
               proto::Logger& log);

  /// At start, before anything is sealed: removes unfinished files, and day files unknown to the manifest that have
  /// outlived their class by `today` or whose readings are all elsewhere, in the log (`unsealed` generations) or in
  /// files of the manifest; others are set aside.
  void clean_up(const std::set<std::uint64_t>& unsealed, std::int64_t today);

  /// Unlinks what has outlived its class on the day `today` (days since 1970). Days that were never closed are rolled
  /// up first.
  void retain(std::int64_t today);

  /// Gives up the oldest day if it is older than `floor_days`, for want of space. False when there is none.
  bool give_up_oldest(std::int64_t today, std::int64_t floor_days);

 private:
  [[nodiscard]] bool outlived(std::int64_t day, const std::string& klass, std::int64_t today) const;
  void drop(const DayGroup& group);
  void retain_rollups(std::int64_t today);

  std::filesystem::path folder_;
  Catalog& catalog_;
  DayClose& close_;
  const RetentionPolicy& policy_;
  proto::Logger& log_;
};

}  // namespace telltale::store
