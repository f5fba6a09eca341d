#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <vector>

#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/day_close.hpp"

namespace telltale::store {

/// Takes removed series out of the files: closed days are written anew without them, rows of rollups and recent.db go.
/// A day file that is still sealed into loses them when its day is closed; until then the removal is not done.
/// May be killed anywhere and repeated. Threads: the seal thread's. Errors: StoreFailure; a later run goes on.
class RemovalWork {
 public:
  RemovalWork(std::filesystem::path folder, Catalog& catalog, proto::Logger& log);

  struct Means {
    std::function<bool(const DayGroup&)> rewrite;  // false: not now, something else goes first
    std::function<void(const std::vector<proto::SeriesId>&)> forget_recent;
  };
  /// What was removed at or before `upto`. Cost: nothing while there is none, or no day file has changed.
  void run(Timestamp upto, Timestamp now, const Means& means);

 private:
  [[nodiscard]] std::set<proto::SeriesId> held(const DayGroup& group, const std::vector<proto::SeriesId>& of) const;
  void clear_rollups(const std::vector<proto::SeriesId>& series) const;

  std::filesystem::path folder_;
  Catalog& catalog_;
  proto::Logger& log_;
  std::vector<Catalog::PendingRemoval> looked_for_;  // at the last run that had to leave something in open files
  std::vector<Catalog::DayFile> looked_at_;
};

}  // namespace telltale::store
