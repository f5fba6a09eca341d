#include "store/removal_work.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "store/day_file.hpp"
#include "store/fail_point.hpp"
#include "store/rollup.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

RemovalWork::RemovalWork(fs::path folder, Catalog& catalog, Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), log_(log) {}

std::set<SeriesId> RemovalWork::held(const DayGroup& group, const std::vector<SeriesId>& of) const {
  std::set<SeriesId> out;
  for (const auto& file : group.files) {
    const auto path = folder_ / "day" / file.name;
    auto day = file.closed ? DayFile::open_closed(path) : DayFile::open_read_only(path);
    for (const auto id : of)
      if (day.mentions(id)) out.insert(id);
  }
  return out;
}

void RemovalWork::clear_rollups(const std::vector<SeriesId>& series) const {
  for (const auto& name : list_rollup_files(folder_ / "rollup")) {
    fail_point("remove-before-rollup");
    RollupFile::open(folder_ / "rollup" / to_string(name)).remove(series);
  }
}

void RemovalWork::run(Timestamp upto, Timestamp now, const Means& means) {
  auto pending = catalog_.pending_removals(upto);
  if (pending.empty()) return;
  if (pending == looked_for_ && catalog_.day_files(INT64_MIN, INT64_MAX) == looked_at_) return;
  std::vector<SeriesId> series;
  for (const auto& removal : pending) series.insert(series.end(), removal.series.begin(), removal.series.end());
  std::set<SeriesId> left;
  for (const auto& group : group_days(catalog_.day_files(INT64_MIN, INT64_MAX))) {
    auto found = held(group, series);
    if (found.empty()) continue;
    if (group.closed() == nullptr) {
      left.merge(found);
    } else if (!means.rewrite(group)) {
      return;
    }
  }
  clear_rollups(series);
  means.forget_recent(series);
  std::vector<std::int64_t> done;
  for (const auto& removal : pending)
    if (std::ranges::none_of(removal.series, [&](SeriesId id) { return left.contains(id); }))
      done.push_back(removal.id);
  fail_point("remove-before-done");
  if (!done.empty()) {
    catalog_.removals_done(done, now);
    log_.info("store", "removals that have left all files: " + std::to_string(done.size()));
  }
  looked_for_ = catalog_.pending_removals(upto);
  looked_at_ = catalog_.day_files(INT64_MIN, INT64_MAX);
}

}  // namespace telltale::store
