#include "store/rollup_repair.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "store/day.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

/// "3 days (20251101 to 20251119)". Precondition: ascending, not empty.
std::string days_text(const std::vector<std::int64_t>& days) {
  return std::to_string(days.size()) + (days.size() == 1 ? " day (" : " days (") + day_text(days.front()) +
         (days.size() == 1 ? "" : " to " + day_text(days.back())) + ")";
}

bool has(const std::vector<std::int64_t>& days, std::int64_t day) { return std::ranges::binary_search(days, day); }

/// The month's other file.
RollupFileName other(RollupFileName name) {
  name.step = name.step == RollupStep::hour ? RollupStep::day : RollupStep::hour;
  return name;
}

void sum_hours(RollupFile& hours, RollupFile& days, std::int64_t day) {
  std::map<proto::SeriesId, RollupRow> sums;
  hours.each(day * day_ms, (day + 1) * day_ms, [&](const RollupRow& row) {
    auto& sum = sums[row.series];
    sum.t = day * day_ms;
    sum.series = row.series;
    add(sum, row);
  });
  RollupFile::Replace replace(days, day);
  replace.clear();
  for (const auto& [series, row] : sums) replace.add(row);
  replace.commit();
}

}  // namespace

RollupRepair::RollupRepair(fs::path folder, Catalog& catalog, DayClose& close, proto::Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), close_(close), log_(log) {}

fs::path RollupRepair::path(const RollupFileName& name) const { return folder_ / "rollup" / to_string(name); }

/// Made by an older version, or right before a kill.
void RollupRepair::list_unlisted() {
  for (const auto& name : list_rollup_files(folder_ / "rollup"))
    if (!catalog_.rollup_file(to_string(name))) catalog_.put_rollup_file({to_string(name), true});
  listed_ = true;
}

std::size_t RollupRepair::find_missing() {
  if (!listed_) list_unlisted();
  std::size_t missing = 0;
  for (const auto& entry : catalog_.rollup_files()) {
    const auto file = folder_ / "rollup" / entry.name;
    if (fs::exists(file)) continue;
    rolled_up_.clear();
    if (!entry.complete) continue;
    catalog_.put_rollup_file({entry.name, false});
    log_.error("store",
               file.string() +
                   ": it is not there; it is made again from the readings. What it said of days whose readings "
                   "have gone is lost, unless a back-up has the file");
    ++missing;
  }
  return missing;
}

std::size_t RollupRepair::set_damaged_aside() {
  std::size_t damaged = 0;
  for (const auto& name : list_rollup_files(folder_ / "rollup")) {
    std::optional<std::string> complaint;
    try {
      complaint = RollupFile::open(path(name)).quick_check();
    } catch (const DatabaseError& error) {
      if (!error.corrupt()) throw;
      complaint = error.what();
    }
    if (!complaint) continue;
    catalog_.put_rollup_file({to_string(name), false});
    rolled_up_.clear();
    const auto aside = set_day_file_aside(path(name));
    log_.error("store", path(name).string() + ": damaged (" + *complaint + "), now " + aside.string() +
                            "; it is made again from the readings. What it said of days whose readings have gone is "
                            "lost, unless a back-up has the file");
    ++damaged;
  }
  return damaged;
}

void RollupRepair::mend(const std::function<bool()>& pause) {
  for (const auto& entry : catalog_.rollup_files()) {
    const auto name = parse_rollup_file_name(entry.name);
    if (entry.complete || !name) continue;
    if (!roll_up_month(*name, pause)) return;
    settle(*name);
  }
  rolled_up_.clear();
}

bool RollupRepair::roll_up_month(const RollupFileName& name, const std::function<bool()>& pause) {
  for (const auto& group : group_days(catalog_.day_files(INT64_MIN, INT64_MAX))) {
    if (group.closed() == nullptr || month_of_day(group.day) != name.month || group.klass != name.klass) continue;
    if (rolled_up_.contains({group.day, group.klass})) continue;
    if (pause()) return false;
    fail_point("repair-rollup");
    close_.roll_up(group);
    rolled_up_.emplace(group.day, group.klass);
  }
  return true;
}

/// The days of the month are as their readings say. The rest comes from the other file, or is lost.
void RollupRepair::settle(const RollupFileName& name) {
  std::vector<std::int64_t> with_readings;
  for (const auto& group : group_days(catalog_.day_files(INT64_MIN, INT64_MAX)))
    if (group.klass == name.klass && group.closed() != nullptr) with_readings.push_back(group.day);
  auto made = RollupFile::open(path(name));
  const auto held = made.days();
  std::string text = path(name).string() + ": made again from the readings";
  const auto beside = path(other(name));
  if (fs::exists(beside)) {
    auto from = RollupFile::open(beside);
    std::vector<std::int64_t> rest;
    for (const auto day : from.days()) {
      // Rows of more readings than there are now are worth more than a recount.
      const bool better = name.step == RollupStep::day && catalog_.has_lost_readings(day, name.klass);
      if (better || (!has(held, day) && !has(with_readings, day))) rest.push_back(day);
    }
    for (const auto day : rest)
      if (name.step == RollupStep::day) {
        sum_hours(from, made, day);
      } else {
        catalog_.note_lost_readings(day, name.klass);
      }
    if (!rest.empty())
      text += name.step == RollupStep::day ? ", " + days_text(rest) + " from their hours"
                                           : "; the hours of " + days_text(rest) + " are lost with their readings";
  }
  catalog_.put_rollup_file({to_string(name), true});
  log_.info("store", text);
}

}  // namespace telltale::store
