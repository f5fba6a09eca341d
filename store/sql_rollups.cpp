#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "store/day.hpp"
#include "store/read_view.hpp"
#include "store/rollup.hpp"
#include "store/sql_module.hpp"
#include "store/sqlite.hpp"

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT3
#endif

namespace telltale::store {

namespace {

namespace fs = std::filesystem;

enum Column { series_id, t, n, min, max, sum, sumsq, last, klass };

constexpr const char* schema =
    "create table x(series_id integer, t integer, n integer, min real, max real, sum real, sumsq real, last real, "
    "class text hidden)";

// The plan, as that of readings.
constexpr int by_series = 1, from_t = 2, to_t = 4, at_t = 8;
constexpr int arguments[] = {by_series, from_t, to_t, at_t};

// As rollup.cpp makes the table: its key is (day, series_id, t).
constexpr const char* all_series =
    "select series_id, t, n, v_min, v_max, v_sum, v_sumsq, v_last from rollup where day between ?1 and ?2 and t>=?3 "
    "and "
    "t<=?4 order by day, series_id, t";
constexpr const char* one_series =
    "with recursive d(day) as (select max(?1, (select min(day) from rollup)) union all select day + 1 from d where day "
    "< "
    "min(?2, (select max(day) from rollup))) "
    "select series_id, t, n, v_min, v_max, v_sum, v_sumsq, v_last from d cross join rollup using (day) where "
    "series_id=?5 and t>=?3 and t<=?4 order by day, t";

class Rollups final : public SqlCursor {
 public:
  Rollups(fs::path folder, RollupStep step) : folder_(std::move(folder)), step_(step) {}

  void begin(int plan, std::span<sqlite3_value*> values) override {
    close_file();
    if (!removed_) {  // once for a statement
      ReadView view(folder_.parent_path(), {});
      view.refresh();
      removed_ = view.removed();
    }
    files_ = list_rollup_files(folder_);
    std::erase_if(files_, [this](const RollupFileName& name) { return name.step != step_; });
    std::reverse(files_.begin(), files_.end());
    first_ = first_day * day_ms;
    last_ = (last_day + 1) * day_ms - 1;
    series_.reset();
    std::size_t at = 0;
    for (const int bit : arguments) {
      if ((plan & bit) == 0) continue;
      auto* given = values[at++];
      std::int64_t bound = 0;
      if (sqlite3_value_type(given) == SQLITE_NULL) files_.clear();  // equals nothing
      if (bit == by_series) {
        if (lower_bound_of(given, bound)) series_ = bound;
      } else {
        if (bit != to_t && lower_bound_of(given, bound)) first_ = std::max(first_, bound);
        if (bit != from_t && upper_bound_of(given, bound)) last_ = std::min(last_, bound);
      }
    }
    if (first_ > last_) files_.clear();
    next();
  }

  [[nodiscard]] bool at_end() const override { return !file_; }

  void next() override {
    for (;;) {
      if (file_ && file_->rows->next()) {
        if (removed_->has(static_cast<proto::SeriesId>(file_->rows->integer(series_id)))) continue;
        return;
      }
      close_file();
      if (files_.empty()) return;
      now_ = files_.back();
      files_.pop_back();
      if (now_.month >= month_of_day(day_of(first_)) && now_.month <= month_of_day(day_of(last_))) open_file();
    }
  }

  void column(sqlite3_context* context, int number) const override {
    const auto& row = *file_->rows;
    if (number == klass) return give_text(context, now_.klass);
    if (row.null(number)) return sqlite3_result_null(context);
    if (number <= n) return sqlite3_result_int64(context, row.integer(number));
    sqlite3_result_double(context, row.real(number));
  }

 private:
  struct File {
    Database database;
    Statement select;
    std::optional<Statement::Rows> rows;
    File(const fs::path& path, const char* sql) : database(path, Database::Mode::read_only), select(database, sql) {}
  };

  void open_file() {
    const auto path = folder_ / to_string(now_);
    try {
      file_ = std::make_unique<File>(path, series_ ? one_series : all_series);
    } catch (const DatabaseError&) {
      if (fs::exists(path)) throw;
      return;  // outlived its retention meanwhile
    }
    if (series_) {
      file_->rows.emplace(file_->select.query(day_of(first_), day_of(last_), first_, last_, *series_));
    } else {
      file_->rows.emplace(file_->select.query(day_of(first_), day_of(last_), first_, last_));
    }
  }

  void close_file() {
    if (file_) file_->rows.reset();
    file_.reset();
  }

  fs::path folder_;
  RollupStep step_;
  std::vector<RollupFileName> files_;  // still to come, the next one last
  RollupFileName now_;
  std::int64_t first_ = 0, last_ = 0;
  std::optional<std::int64_t> series_;
  std::optional<Removed> removed_;
  std::unique_ptr<File> file_;
};

template <RollupStep step>
class RollupTable final : public SqlTable {
 public:
  explicit RollupTable(const fs::path& folder) : folder_(folder / "rollup") {}

  void plan(sqlite3_index_info& info) const override {
    int plan = 0;
    int used[std::size(arguments)] = {-1, -1, -1, -1};
    for (int i = 0; i < info.nConstraint; ++i) {
      const auto& constraint = info.aConstraint[i];
      if (constraint.usable == 0) continue;
      int bit = 0;
      const bool equal = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
      if (constraint.iColumn == series_id) bit = equal ? by_series : 0;
      if (constraint.iColumn == t) {
        if (equal) bit = at_t;
        if (constraint.op == SQLITE_INDEX_CONSTRAINT_GE || constraint.op == SQLITE_INDEX_CONSTRAINT_GT) bit = from_t;
        if (constraint.op == SQLITE_INDEX_CONSTRAINT_LE || constraint.op == SQLITE_INDEX_CONSTRAINT_LT) bit = to_t;
      }
      if (bit == 0 || (plan & bit) != 0) continue;
      plan |= bit;
      used[std::find(std::begin(arguments), std::end(arguments), bit) - std::begin(arguments)] = i;
    }
    int argument = 0;
    for (const int i : used)
      if (i >= 0) info.aConstraintUsage[i].argvIndex = ++argument;
    info.idxNum = plan;
    double rows = 1e7;
    if ((plan & by_series) != 0) rows /= 10'000;
    if ((plan & from_t) != 0) rows /= 4;
    if ((plan & to_t) != 0) rows /= 4;
    if ((plan & at_t) != 0) rows /= 500;
    info.estimatedCost = rows + 50;
    info.estimatedRows = static_cast<sqlite3_int64>(rows + 1);
  }

  [[nodiscard]] std::unique_ptr<SqlCursor> open() const override { return std::make_unique<Rollups>(folder_, step); }

 private:
  fs::path folder_;
};

template <RollupStep step>
SqlTableKind table(const char* name, std::string folder) {
  return {name, schema,
          [](const fs::path& at) -> std::unique_ptr<SqlTable> { return std::make_unique<RollupTable<step>>(at); },
          std::move(folder)};
}

}  // namespace

SqlTableKind hour_table(std::string folder) { return table<RollupStep::hour>("hour", std::move(folder)); }
SqlTableKind day_table(std::string folder) { return table<RollupStep::day>("day", std::move(folder)); }

}  // namespace telltale::store
