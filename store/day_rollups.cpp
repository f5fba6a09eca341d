#include "store/day_rollups.hpp"

#include "store/day.hpp"
#include "store/disk.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

RollupFile open(const fs::path& folder, Catalog& catalog, const DayGroup& group, RollupStep step) {
  fs::create_directories(folder / "rollup");
  const auto name = to_string(RollupFileName{month_of_day(group.day), group.klass, step});
  const auto listed = catalog.rollup_file(name);
  // One that was taken away and is begun anew must not pass for the whole month.
  if (listed && listed->complete && !fs::exists(folder / "rollup" / name)) catalog.put_rollup_file({name, false});
  auto file = RollupFile::open(folder / "rollup" / name);
  if (!listed) {
    // One that is listed is missed when it is not there: it comes first.
    Disk disk;
    sync_names(disk, folder / "rollup");
    catalog.put_rollup_file({name, true});
  }
  return file;
}

}  // namespace

DayRollups::DayRollups(const fs::path& folder, Catalog& catalog, const DayGroup& group, Logger& log)
    : catalog_(catalog),
      log_(log),
      klass_(group.klass),
      hours_file_(open(folder, catalog, group, RollupStep::hour)),
      days_file_(open(folder, catalog, group, RollupStep::day)),
      hours_(hours_file_, group.day),
      days_(days_file_, group.day),
      day_(group.day),
      lost_(catalog.has_lost_readings(group.day, group.klass)),
      had_hours_(hours_file_.has_day(group.day)),
      had_days_(days_file_.has_day(group.day)) {}

void DayRollups::put(SeriesId series, const std::vector<Reading>& readings, std::size_t damaged_chunks) {
  damaged_ += damaged_chunks;
  builder_.begin(series, day_);
  for (const auto& reading : readings) builder_.add(reading);
  const bool lost = lost_ || damaged_chunks > 0;
  if (!had_hours_ || replaced(hours_file_, hours_, series, lost))
    for (const auto& hour : builder_.hours()) hours_.add(hour);
  if ((!had_days_ || replaced(days_file_, days_, series, lost)) && builder_.day().n > 0) days_.add(builder_.day());
}

void DayRollups::commit() {
  if (damaged_ > 0) {
    catalog_.note_lost_readings(day_, klass_);
    log_.error("store", "day " + day_text(day_) + " (" + klass_ + "): " + std::to_string(damaged_) +
                            " damaged chunks; rollups that were made from them stay as they are");
  }
  hours_.commit();
  fail_point("close-between-rollups");
  days_.commit();
}

bool DayRollups::replaced(RollupFile& file, RollupFile::Replace& rows, SeriesId series, bool lost) {
  std::uint64_t n = 0;
  if (lost)
    for (const auto& row : file.rows(series, day_ * day_ms, (day_ + 1) * day_ms)) n += row.n;
  if (n > builder_.day().n) return false;
  rows.clear(series);
  return true;
}

}  // namespace telltale::store
