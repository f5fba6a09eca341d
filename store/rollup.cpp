#include "store/rollup.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "store/day.hpp"
#include "store/migrations.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

// Keyed by day first, so that closing a day appends; then by series, so that a series costs one seek per day.
constexpr const char* steps[] = {
    R"(create table rollup(day integer not null, series_id integer not null, t integer not null, n integer not null,
                           v_min real not null, v_max real not null, v_sum real, v_sumsq real, v_last real not null,
                           primary key(day, series_id, t)) without rowid;)"};

constexpr std::string_view select_of_day = " from rollup where day=? and series_id=? and t>=? and t<? order by t";
constexpr std::string_view sums = "select t, n, v_sum";
constexpr std::string_view all = "select t, n, v_sum, v_sumsq, v_min, v_max, v_last";
constexpr int behind_all = 7;  // columns

/// SQLite has no NaN; infinities of both signs come to one.
double sum_of(const Statement::Rows& row, int column) { return row.null(column) ? std::nan("") : row.real(column); }

RollupRow row_of(const Statement::Rows& row, SeriesId series, RollupColumns columns) {
  RollupRow out{row.integer(0), series, static_cast<std::uint64_t>(row.integer(1))};
  out.sum = sum_of(row, 2);
  if (columns == RollupColumns::sum) return out;
  out.sumsq = sum_of(row, 3);
  out.min = row.real(4);
  out.max = row.real(5);
  out.last = row.real(6);
  return out;
}

void count(RollupRow& row, double x) {
  row.min = row.n == 0 ? x : std::min(row.min, x);
  row.max = row.n == 0 ? x : std::max(row.max, x);
  row.sum += x;
  row.sumsq += x * x;
  row.last = x;
  ++row.n;
}

}  // namespace

std::string_view to_string(RollupStep step) noexcept { return step == RollupStep::hour ? "hour" : "day"; }

std::string to_string(const RollupFileName& name) {
  char month[32];
  std::snprintf(month, sizeof month, "%04d%02d", static_cast<int>(name.month / 12),
                static_cast<int>(name.month % 12) + 1);
  return std::string(month) + "-" + name.klass + "-" + std::string(to_string(name.step)) + ".db";
}

std::optional<RollupFileName> parse_rollup_file_name(std::string_view name) {
  const auto first = name.find('-');
  const auto last = name.rfind('-');
  if (first != 6 || last == first) return std::nullopt;
  // A month reads like the first of its days.
  const auto day = parse_day_file_name(std::string(name.substr(0, 6)) + "01-x-0.db");
  if (!day) return std::nullopt;
  RollupFileName out{month_of_day(day->day), std::string(name.substr(first + 1, last - first - 1)), RollupStep::hour};
  if (name.substr(last) == "-day.db") out.step = RollupStep::day;
  return to_string(out) == name ? std::optional(out) : std::nullopt;
}

std::vector<RollupFileName> list_rollup_files(const fs::path& rollup_folder) {
  std::vector<RollupFileName> out;
  if (!fs::exists(rollup_folder)) return out;
  for (const auto& entry : fs::directory_iterator(rollup_folder))
    if (auto name = parse_rollup_file_name(entry.path().filename().string())) out.push_back(std::move(*name));
  std::sort(out.begin(), out.end(), [](const RollupFileName& a, const RollupFileName& b) {
    return std::tie(a.month, a.klass, a.step) < std::tie(b.month, b.klass, b.step);
  });
  return out;
}

void add(RollupRow& sum, const RollupRow& row) {
  sum.min = sum.n == 0 ? row.min : std::min(sum.min, row.min);
  sum.max = sum.n == 0 ? row.max : std::max(sum.max, row.max);
  sum.sum += row.sum;
  sum.sumsq += row.sumsq;
  sum.last = row.last;
  sum.n += row.n;
}

RollupFile RollupFile::open(const fs::path& file) {
  Database database(file, Database::Mode::full);
  migrate(database, steps);
  return RollupFile(std::move(database));
}

RollupFile RollupFile::open_read_only(const fs::path& file) {
  return RollupFile(Database(file, Database::Mode::read_only));
}

bool RollupFile::has_day(std::int64_t day) {
  Statement select(database_, "select 1 from rollup where day=? limit 1");
  return select.query(day).next();
}

std::vector<RollupRow> RollupFile::rows(SeriesId series, std::int64_t from, std::int64_t to, RollupColumns columns) {
  std::vector<RollupRow> out;
  if (from >= to) return out;
  const auto first = day_of(from);
  const auto last = day_of(to - 1);
  // Each by itself is one seek; both in one select would read the whole table.
  const auto one_lock = snapshot_if_none(database_);
  auto held = days_held_.of(database_, "select (select min(day) from rollup), (select max(day) from rollup)").query();
  if (!held.next() || held.null(0)) return out;
  static const auto sql_of_sums = std::string(sums).append(select_of_day);
  static const auto sql_of_all = std::string(all).append(select_of_day);
  auto& select =
      columns == RollupColumns::sum ? sums_of_day_.of(database_, sql_of_sums) : rows_of_day_.of(database_, sql_of_all);
  for (auto day = std::max(first, held.integer(0)); day <= std::min(last, held.integer(1)); ++day)
    for (auto row = select.query(day, to_number(series), from, to); row.next();)
      out.push_back(row_of(row, series, columns));
  return out;
}

void RollupFile::each(std::int64_t from, std::int64_t to, const std::function<void(const RollupRow&)>& visit) {
  if (from >= to) return;
  Statement select(database_, std::string(all) +
                                  ", series_id from rollup where day between ? and ? and t>=? and t<? "
                                  "order by day, series_id, t");
  for (auto row = select.query(day_of(from), day_of(to - 1), from, to); row.next();)
    visit(row_of(row, static_cast<SeriesId>(row.integer(behind_all)), RollupColumns::all));
}

std::vector<std::int64_t> RollupFile::days() {
  std::vector<std::int64_t> out;
  // The next day is one seek; "select distinct" would read the whole table.
  Statement after(database_, "select min(day) from rollup where day>?");
  for (auto day = INT64_MIN;;) {
    auto row = after.query(day);
    if (!row.next() || row.null(0)) return out;
    out.push_back(day = row.integer(0));
  }
}

void RollupFile::remove(const std::vector<SeriesId>& series) {
  const Overwriting overwriting(database_);
  Transaction transaction(database_);
  Statement remove(database_, "delete from rollup where day=? and series_id=?");
  for (const auto day : days())
    for (const auto id : series) remove.run(day, to_number(id));
  transaction.commit();
  database_.checkpoint();
}

RollupFile::Replace::Replace(RollupFile& file, std::int64_t day)
    : transaction_(file.database_),
      clear_day_(file.database_, "delete from rollup where day=?"),
      clear_series_(file.database_, "delete from rollup where day=? and series_id=?"),
      insert_(file.database_, "insert into rollup values(?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      day_(day) {}

void RollupFile::Replace::clear() { clear_day_.run(day_); }
void RollupFile::Replace::clear(SeriesId series) { clear_series_.run(day_, to_number(series)); }
void RollupFile::Replace::add(const RollupRow& row) {
  insert_.run(day_, to_number(row.series), row.t, row.n, row.min, row.max, row.sum, row.sumsq, row.last);
}
void RollupFile::Replace::commit() { transaction_.commit(); }

void RollupBuilder::begin(SeriesId series, std::int64_t day) {
  hours_.clear();
  day_ = {};
  day_.t = day * day_ms;
  day_.series = series;
}

void RollupBuilder::add(const Reading& reading) {
  if (!reading.numeric()) return;
  const double x = reading.as_double();
  if (!std::isfinite(x)) return;
  const auto hour = hour_of(to_ms(reading.ts)) * hour_ms;
  if (hours_.empty() || hours_.back().t != hour) {
    hours_.emplace_back();
    hours_.back().t = hour;
    hours_.back().series = day_.series;
  }
  count(hours_.back(), x);
  count(day_, x);
}

}  // namespace telltale::store
