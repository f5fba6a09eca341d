#include "store/day_retention.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proto/quantity_text.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/fail_point.hpp"
#include "store/rollup.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

std::set<std::uint64_t> generations_of(const fs::path& file, bool closed) {
  const auto list = closed ? DayFile::open_closed(file).generations() : DayFile::open_read_only(file).generations();
  return {list.begin(), list.end()};
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) out.push_back(entry.path());
  return out;
}

/// The first day that is in none of the month's days.
std::int64_t end_of_month(std::int64_t month) {
  const std::chrono::year_month next{std::chrono::year{static_cast<int>((month + 1) / 12)},
                                     std::chrono::month{static_cast<unsigned>((month + 1) % 12) + 1}};
  return std::chrono::sys_days{next / 1}.time_since_epoch().count();
}

}  // namespace

DayRetention::DayRetention(fs::path folder, Catalog& catalog, DayClose& close, const RetentionPolicy& policy,
                           proto::Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), close_(close), policy_(policy), log_(log) {}

bool DayRetention::outlived(std::int64_t day, const std::string& klass, std::int64_t today) const {
  return day < today - policy_.of_class(klass).raw_days;
}

void DayRetention::clean_up(const std::set<std::uint64_t>& unsealed, std::int64_t today) {
  const auto day_folder = folder_ / "day";
  std::set<std::string> known;
  const auto manifest = catalog_.day_files(INT64_MIN, INT64_MAX);
  for (const auto& file : manifest) known.insert(file.name);
  for (const auto& path : files_in(day_folder)) {
    const auto name = path.filename().string();
    const bool beside = name.ends_with(".db-wal") || name.ends_with(".db-shm");
    if (path.extension() == ".part" || (beside && !fs::exists(day_folder / name.substr(0, name.size() - 4)))) {
      fs::remove(path);
      continue;
    }
    const auto parsed = parse_day_file_name(name);
    if (!parsed || known.contains(name)) continue;
    if (outlived(parsed->day, parsed->klass, today)) {
      remove_day_file(path);
      continue;
    }
    auto elsewhere = unsealed;
    for (const auto& file : manifest)
      if (file.day == parsed->day) elsewhere.merge(generations_of(day_folder / file.name, file.closed));
    std::set<std::uint64_t> held;
    try {
      held = generations_of(path, false);
    } catch (const StoreFailure& error) {  // damaged, or of a newer program
      log_.error("store", error.what());
      elsewhere.clear();
      held = {0};
    }
    if (std::includes(elsewhere.begin(), elsewhere.end(), held.begin(), held.end())) {
      remove_day_file(path);
    } else {
      const auto aside = set_day_file_aside(path);
      log_.error("store", path.string() + ": the catalog does not know it (an old copy?); moved to " + aside.string());
    }
  }
}

void DayRetention::drop(const DayGroup& group) {
  fail_point("retain-before-forget");
  // All at once: a file that stayed alone would pass for the whole day, and its rollups would follow.
  catalog_.forget_day(group.day, group.klass);
  for (const auto& file : group.files) {
    fail_point("retain-before-unlink");
    remove_day_file(folder_ / "day" / file.name);
  }
}

void DayRetention::retain(std::int64_t today) {
  std::size_t dropped = 0;
  for (const auto& group : group_days(catalog_.day_files(INT64_MIN, today))) {
    if (!outlived(group.day, group.klass, today)) continue;
    if (group.closed() == nullptr) {
      try {
        close_.roll_up(group);
      } catch (const DatabaseError& error) {
        if (!error.disk_full() && !error.corrupt()) throw;
        log_.error("store", "day " + day_text(group.day) + " ends without rollups: " + error.what());
      }
    }
    drop(group);
    ++dropped;
  }
  if (dropped > 0) log_.info("store", "retention: " + proto::counted(dropped, "day") + " removed");
  // An error between forgetting a file and unlinking it leaves one that no manifest knows.
  for (const auto& path : files_in(folder_ / "day")) {
    const auto name = parse_day_file_name(path.filename().string());
    if (name && outlived(name->day, name->klass, today)) remove_day_file(path);
  }
  retain_rollups(today);
}

void DayRetention::retain_rollups(std::int64_t today) {
  for (const auto& name : list_rollup_files(folder_ / "rollup")) {
    const auto& klass = policy_.of_class(name.klass);
    const auto days = name.step == RollupStep::hour ? klass.hourly_days : klass.daily_days;
    if (days == 0 || end_of_month(name.month) > today - days) continue;
    catalog_.forget_rollup_file(to_string(name));
    remove_day_file(folder_ / "rollup" / to_string(name));
    log_.info("store", "retention: " + to_string(name) + " removed");
  }
}

bool DayRetention::give_up_oldest(std::int64_t today, std::int64_t floor_days) {
  const auto groups = group_days(catalog_.day_files(INT64_MIN, today - floor_days - 1));
  if (groups.empty()) return false;
  const auto& oldest = groups.front();
  if (oldest.closed() == nullptr) close_.roll_up(oldest);
  drop(oldest);
  log_.warn("store", "the disk is full: day " + day_text(oldest.day) + " (" + oldest.klass +
                         ") was removed before its time (store.early_retention)");
  return true;
}

}  // namespace telltale::store
