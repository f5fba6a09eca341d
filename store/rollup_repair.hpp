#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "store/rollup.hpp"

namespace telltale::store {

/// Rollup files that were taken away or damaged: says so, and makes again what can be: days from their readings, days
/// whose readings have gone from the hours of the other file. Until then readers read the readings instead. Each step
/// may be killed anywhere and repeated. Threads: the seal thread's. Errors: StoreFailure.
class RollupRepair {
 public:
  RollupRepair(std::filesystem::path folder, Catalog& catalog, DayClose& close, proto::Logger& log);

  /// Files that the catalog lists and that are not there. Returns how many are missed now and were not before.
  /// Cost: looks for each file; two a month and class.
  std::size_t find_missing();
  /// Moves files whose pages are damaged to rollup/damaged/. Returns how many. Cost: reads all files.
  std::size_t set_damaged_aside();
  /// Makes again what is incomplete, a day at a time, until `pause` says so; goes on at the next call.
  void mend(const std::function<bool()>& pause);

 private:
  void list_unlisted();
  bool roll_up_month(const RollupFileName& name, const std::function<bool()>& pause);  // false: paused
  void settle(const RollupFileName& name);
  [[nodiscard]] std::filesystem::path path(const RollupFileName& name) const;

  std::filesystem::path folder_;
  Catalog& catalog_;
  DayClose& close_;
  proto::Logger& log_;
  bool listed_ = false;
  std::set<std::pair<std::int64_t, std::string>> rolled_up_;  // days, by class, of what is incomplete
};

}  // namespace telltale::store
