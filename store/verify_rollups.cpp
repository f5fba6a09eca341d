#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/rollup.hpp"
#include "store/series_merge.hpp"
#include "store/verify_parts.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

constexpr const char* price =
    "what it says of days whose readings are gone is lost; stop the service and put the file of a back-up there, or "
    "delete it: the service makes it again from the readings";

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool same(const RollupRow& a, const RollupRow& b) {
  return a.n == b.n && same(a.min, b.min) && same(a.max, b.max) && same(a.sum, b.sum) && same(a.sumsq, b.sumsq) &&
         same(a.last, b.last);
}

bool near(double a, double b, double size) {
  return !std::isfinite(a) || !std::isfinite(b) || std::abs(a - b) <= 1e-9 * size;
}

/// What holds for any row: the mean lies between the extremes, the squares are no less than the mean allows.
bool plausible(const RollupRow& row, std::int64_t step) {
  if (row.n == 0 || floor_divide(row.t, step) * step != row.t) return false;
  if (!(row.min <= row.last && row.last <= row.max)) return false;
  if (!std::isfinite(row.sum) || !std::isfinite(row.sumsq)) return true;
  const auto n = static_cast<double>(row.n);
  const auto slack = 1e-9 * n * std::max(std::abs(row.min), std::abs(row.max));
  return row.sum >= n * row.min - slack && row.sum <= n * row.max + slack &&
         row.sumsq * n >= row.sum * row.sum * (1 - 1e-9);
}

/// The two files of a month and class; either may be absent.
class MonthCheck {
 public:
  MonthCheck(Verification& v, Catalog& catalog, std::int64_t month, std::string klass)
      : v_(v), catalog_(catalog), month_(month), klass_(std::move(klass)) {
    hours_ = open(RollupStep::hour);
    days_ = open(RollupStep::day);
  }

  void by_themselves() {
    std::map<std::int64_t, bool> seen;
    if (hours_) hours_->each(INT64_MIN / 2, INT64_MAX / 2, [&](const RollupRow& r) { seen[day_of(r.t)] = true; });
    if (days_) days_->each(INT64_MIN / 2, INT64_MAX / 2, [&](const RollupRow& r) { seen[day_of(r.t)] = true; });
    for (const auto& [day, held] : seen) check_day(day, held);
  }

  /// Rows that a closed file's readings give must be there. Fewer readings than a row counts are no fault of the row
  /// where it is known that some were lost since.
  void against(const Catalog::DayFile& file) {
    lost_ = catalog_.has_lost_readings(file.day, file.klass);
    if (!hours_ && !days_) return;
    auto day = DayFile::open_closed(path_of(file));
    DayFile::Run walk(day, INT64_MIN, INT64_MAX);
    std::vector<DayFile::Chunk> chunks;
    bool more = walk.next();
    while (more) {
      const auto series = walk.series();
      chunks.clear();
      for (; more && walk.series() == series; more = walk.next()) chunks.push_back(walk.chunk());
      if (v_.removed(path_of(file), series)) continue;
      merge_.merge(series, chunks);
      builder_.begin(series, file.day);
      for (const auto& reading : merge_.readings()) builder_.add(reading);
      if (hours_) compare(*hours_, RollupStep::hour, series, file.day, builder_.hours());
      if (days_ && builder_.day().n > 0) compare(*days_, RollupStep::day, series, file.day, {builder_.day()});
    }
  }

 private:
  [[nodiscard]] fs::path path_of(const Catalog::DayFile& file) const { return v_.folder / "day" / file.name; }
  [[nodiscard]] fs::path path(RollupStep step) const {
    return v_.folder / "rollup" / to_string(RollupFileName{month_, klass_, step});
  }
  std::optional<RollupFile> open(RollupStep step) {
    if (!fs::exists(path(step)) || !verify_database(v_, path(step), price)) return std::nullopt;
    return RollupFile::open_read_only(path(step));
  }
  std::string place(const RollupRow& row, std::int64_t step) const {
    return v_.name_of(row.series) + ", " + time_span(row.t, row.t + step - 1);
  }

  void check_day(std::int64_t day, bool) {
    std::map<SeriesId, RollupRow> sums;
    if (hours_) {
      hours_->each(day * day_ms, (day + 1) * day_ms, [&](const RollupRow& row) {
        if (v_.removed(path(RollupStep::hour), row.series)) return;
        if (!plausible(row, hour_ms) || month_of_day(day) != month_)
          v_.report(path(RollupStep::hour), place(row, hour_ms), "the row's numbers cannot all be right");
        add(sums[row.series], row);
      });
    }
    if (!days_) return;
    days_->each(day * day_ms, (day + 1) * day_ms, [&](const RollupRow& row) {
      if (v_.removed(path(RollupStep::day), row.series)) return;
      if (!plausible(row, day_ms) || month_of_day(day) != month_)
        v_.report(path(RollupStep::day), place(row, day_ms), "the row's numbers cannot all be right");
      if (!hours_) return;
      const auto found = sums.find(row.series);
      // The hours were lost and counted again from the readings that were left, or from none.
      if ((found == sums.end() || found->second.n < row.n) && catalog_.has_lost_readings(day, klass_)) return;
      const auto size = static_cast<double>(row.n) * std::max(std::abs(row.min), std::abs(row.max));
      if (found != sums.end() && found->second.n == row.n && same(found->second.min, row.min) &&
          same(found->second.max, row.max) && same(found->second.last, row.last) &&
          near(found->second.sum, row.sum, size) && near(found->second.sumsq, row.sumsq, size * size))
        return;
      v_.report(path(RollupStep::day), place(row, day_ms),
                "the day is not the sum of its hours in " + path(RollupStep::hour).filename().string() +
                    ": one of the two is damaged");
    });
  }

  void compare(RollupFile& file, RollupStep step, SeriesId series, std::int64_t day,
               const std::vector<RollupRow>& computed) {
    const auto length = step == RollupStep::hour ? hour_ms : day_ms;
    const auto rows = file.rows(series, day * day_ms, (day + 1) * day_ms);
    for (const auto& right : computed) {
      const auto found = std::find_if(rows.begin(), rows.end(), [&](const RollupRow& r) { return r.t == right.t; });
      if (found == rows.end()) {
        v_.report(path(step), place(right, length), "the row is missing; the readings are there");
      } else if (!same(*found, right) && !(lost_ && right.n < found->n)) {
        v_.report(path(step), place(right, length),
                  "the row is not what the readings come to: it counts " + std::to_string(found->n) + ", there are " +
                      std::to_string(right.n));
      }
    }
  }

  Verification& v_;
  Catalog& catalog_;
  std::int64_t month_;
  std::string klass_;
  std::optional<RollupFile> hours_, days_;
  SeriesMerge merge_;
  RollupBuilder builder_;
  bool lost_ = false;
};

using Month = std::pair<std::int64_t, std::string>;  // and class

/// Files that the catalog lists and that are not there. Returns the months of which not all is made again yet.
std::set<Month> verify_listed(Verification& v, Catalog& catalog, const std::vector<DayGroup>& groups) {
  std::set<Month> being_made;
  for (const auto& entry : catalog.rollup_files()) {
    const auto name = parse_rollup_file_name(entry.name);
    const auto file = v.folder / "rollup" / entry.name;
    if (!name || (entry.complete && fs::exists(file))) continue;
    const auto now = catalog.rollup_file(entry.name);
    if (!now || (now->complete && fs::exists(file))) continue;  // outlived its retention, or made again, meanwhile
    being_made.emplace(name->month, name->klass);
    const auto left = std::ranges::count_if(groups, [&](const DayGroup& group) {
      return group.closed() != nullptr && group.klass == name->klass && month_of_day(group.day) == name->month;
    });
    const auto step = std::string(to_string(name->step));
    v.report(file, "",
             std::string(now->complete ? "the catalog lists it but it is not there" : "it was lost") + ": the " + step +
                 "s of the " + std::to_string(left) +
                 " closed days that have readings are made again by the service; those of other days are "
                 "lost, unless a back-up has the file");
  }
  return being_made;
}

}  // namespace

void verify_rollups(Verification& v, Catalog& catalog, const std::vector<DayGroup>& groups) {
  std::set<Month> months;
  for (const auto& name : list_rollup_files(v.folder / "rollup")) months.emplace(name.month, name.klass);
  const auto being_made = verify_listed(v, catalog, groups);
  for (const auto& [month, klass] : months) {
    MonthCheck check(v, catalog, month, klass);
    if (being_made.contains({month, klass})) continue;  // its pages are checked by now
    try {
      check.by_themselves();
    } catch (const DatabaseError& error) {
      v.report(v.folder / "rollup", "", error.what());
      continue;
    }
    for (const auto& group : groups) {
      // Late pieces beside the closed file may be newer than the rollups for a moment.
      if (month_of_day(group.day) != month || group.klass != klass || group.closed() == nullptr ||
          group.open() != nullptr)
        continue;
      const bool known_damaged =
          std::any_of(v.result.damaged_days.begin(), v.result.damaged_days.end(),
                      [&](const Catalog::DayFile& file) { return file.name == group.closed()->name; });
      if (known_damaged) continue;
      try {
        check.against(*group.closed());
      } catch (const DatabaseError&) {
        if (fs::exists(v.folder / "day" / group.closed()->name)) throw;  // else replaced or outlived meanwhile
      }
    }
  }
}

}  // namespace telltale::store
