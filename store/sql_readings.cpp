#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "store/export.hpp"
#include "store/query.hpp"
#include "store/sql_module.hpp"

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT3
#endif

namespace telltale::store {

using namespace proto;

namespace {

enum Column { tenant, site, device, metric, ts, value, type, ts_source, series_id };

constexpr const char* schema =
    "create table x(tenant text, site text, device text, metric text, ts integer, value, type text hidden, "
    "ts_source text hidden, series_id integer hidden)";

// The plan: which constraints come as arguments, in the order of these bits, and what order is asked for.
constexpr int by_tenant = 1, by_site = 2, by_device = 4, by_metric = 8, by_series = 16, from_ts = 32, to_ts = 64,
              at_ts = 128, by_time = 256, newest_first = 512;
constexpr int arguments[] = {by_tenant, by_site, by_device, by_metric, by_series, from_ts, to_ts, at_ts};

int bit_of(const sqlite3_index_info::sqlite3_index_constraint& constraint) {
  const bool equal = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
  switch (constraint.iColumn) {
    case tenant:
      return equal ? by_tenant : 0;
    case site:
      return equal ? by_site : 0;
    case device:
      return equal ? by_device : 0;
    case metric:
      return equal ? by_metric : 0;
    case series_id:
      return equal ? by_series : 0;
    case ts:
      if (equal) return at_ts;
      if (constraint.op == SQLITE_INDEX_CONSTRAINT_GE || constraint.op == SQLITE_INDEX_CONSTRAINT_GT) return from_ts;
      if (constraint.op == SQLITE_INDEX_CONSTRAINT_LE || constraint.op == SQLITE_INDEX_CONSTRAINT_LT) return to_ts;
      return 0;
    default:
      return 0;
  }
}

class Readings final : public SqlCursor {
 public:
  explicit Readings(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void begin(int plan, std::span<sqlite3_value*> values) override {
    // Once for a statement: a join begins often.
    if (!reader_) {
      reader_.emplace(folder_);
      directory_ = reader_->directory();
      days_ = days_with_readings(folder_);
    }
    choose(plan, values);
    order_ = (plan & newest_first) != 0 ? RowStream::Order::descending : RowStream::Order::ascending;
    open_.clear();
    next_ = 0;
    // By time: all chosen series at once, a day of each in memory; there are few then. Else one after the other.
    if ((plan & by_time) != 0)
      while (next_ < chosen_.size()) open_next();
    find();
  }

  [[nodiscard]] bool at_end() const override { return open_.empty(); }

  void next() override {
    open_[now_].row = open_[now_].rows.next();
    find();
  }

  void column(sqlite3_context* context, int number) const override {
    const auto& [series, rows, row] = open_[now_];
    switch (number) {
      case tenant:
        return give_text(context, series->device.tenant);
      case site:
        return give_text(context, series->device.site);
      case device:
        return give_text(context, series->device.device);
      case metric:
        return give_text(context, series->series.metric);
      case ts:
        return sqlite3_result_int64(context, to_ms(row->ts));
      case value:
        return give_value(context, *row);
      case type: {
        constexpr std::string_view names[] = {"number", "integer", "boolean", "text"};
        return give_text(context, names[static_cast<std::size_t>(row->type)]);
      }
      case ts_source:
        return give_text(context, to_string(row->source));
      default:
        return sqlite3_result_int64(context, to_number(series->series.id));
    }
  }

 private:
  struct Open {
    const SeriesOf* series;
    RowStream rows;
    const Row* row;
  };

  static void give_value(sqlite3_context* context, const Row& row) {
    switch (row.type) {
      case ValueType::integer:
        return sqlite3_result_int64(context, row.integer);
      case ValueType::boolean:
        return sqlite3_result_int64(context, row.number != 0 ? 1 : 0);
      case ValueType::text:
        return give_text(context, row.text);
      case ValueType::number:
        return sqlite3_result_double(context, row.number);  // NaN becomes NULL
    }
  }

  void choose(int plan, std::span<sqlite3_value*> values) {
    std::optional<std::string> names[4];
    std::optional<std::int64_t> id;
    auto first = INT64_MIN / 4;
    auto last = INT64_MAX / 4;
    bool none = false;
    std::size_t at = 0;
    for (const int bit : arguments) {
      if ((plan & bit) == 0) continue;
      auto* given = values[at++];
      none = none || sqlite3_value_type(given) == SQLITE_NULL;  // equals nothing
      std::int64_t bound = 0;
      if (bit <= by_metric) {
        names[bit == by_tenant ? 0 : bit == by_site ? 1 : bit == by_device ? 2 : 3] = text_of(given);
      } else if (bit == by_series) {
        if (lower_bound_of(given, bound)) id = bound;
      } else {
        if (bit != to_ts && lower_bound_of(given, bound)) first = std::max(first, bound);
        if (bit != from_ts && upper_bound_of(given, bound)) last = std::min(last, bound);
      }
    }
    range_ = {from_ms(first), from_ms(last + 1)};
    chosen_.clear();
    if (none || first > last) return;
    if (all_.empty()) all_ = matching_series(directory_, {});
    const auto is = [](const std::optional<std::string>& wanted, const std::string& name) {
      return !wanted || *wanted == name;
    };
    for (const auto& one : all_)
      if ((!id || *id == to_number(one.series.id)) && is(names[0], one.device.tenant) &&
          is(names[1], one.device.site) && is(names[2], one.device.device) && is(names[3], one.series.metric))
        chosen_.push_back(&one);
  }

  void open_next() {
    const auto* series = chosen_[next_++];
    open_.push_back({series, RowStream(*reader_, days_, series->series.id, range_, order_), nullptr});
    open_.back().row = open_.back().rows.next();
  }

  /// The row to show: the first in time of the open series, whose ended ones are let go.
  void find() {
    for (;;) {
      std::erase_if(open_, [](const Open& open) { return open.row == nullptr; });
      if (!open_.empty() || next_ == chosen_.size()) break;
      open_next();
    }
    now_ = 0;
    for (std::size_t i = 1; i < open_.size(); ++i) {
      const bool earlier = open_[i].row->ts < open_[now_].row->ts;
      const bool later = open_[i].row->ts > open_[now_].row->ts;
      if (order_ == RowStream::Order::ascending ? earlier : later) now_ = i;
    }
  }

  std::filesystem::path folder_;
  std::optional<Reader> reader_;
  Directory directory_;
  std::vector<std::int64_t> days_;
  std::vector<SeriesOf> all_;
  std::vector<const SeriesOf*> chosen_;
  Range range_{};
  RowStream::Order order_ = RowStream::Order::ascending;
  std::vector<Open> open_;
  std::size_t next_ = 0, now_ = 0;
};

class ReadingsTable final : public SqlTable {
 public:
  explicit ReadingsTable(std::filesystem::path folder) : folder_(std::move(folder)) { const Reader look(folder_); }

  void plan(sqlite3_index_info& info) const override {
    int plan = 0;
    int used[std::size(arguments)];
    std::fill(std::begin(used), std::end(used), -1);
    for (int i = 0; i < info.nConstraint; ++i) {
      const auto& constraint = info.aConstraint[i];
      const int bit = constraint.usable != 0 ? bit_of(constraint) : 0;
      if (bit == 0 || (plan & bit) != 0) continue;
      if (bit <= by_metric && std::string_view(sqlite3_vtab_collation(&info, i)) != "BINARY") continue;
      plan |= bit;
      used[std::find(std::begin(arguments), std::end(arguments), bit) - std::begin(arguments)] = i;
    }
    int argument = 0;
    for (const int i : used)
      if (i >= 0) info.aConstraintUsage[i].argvIndex = ++argument;
    const bool few = (plan & by_series) != 0 || ((plan & by_device) != 0 && (plan & by_metric) != 0);
    if (few && info.nOrderBy == 1 && info.aOrderBy[0].iColumn == ts) {
      info.orderByConsumed = 1;
      plan |= by_time | (info.aOrderBy[0].desc != 0 ? newest_first : 0);
    }
    info.idxNum = plan;
    double rows = 1e9;
    if ((plan & by_series) != 0) {
      rows = 1e5;
    } else {
      if ((plan & by_device) != 0) rows /= 1000;
      if ((plan & by_metric) != 0) rows /= 10;
      if ((plan & by_site) != 0) rows /= 10;
    }
    if ((plan & from_ts) != 0) rows /= 10;
    if ((plan & to_ts) != 0) rows /= 10;
    if ((plan & at_ts) != 0) rows /= 10'000;
    info.estimatedCost = rows + 100;
    info.estimatedRows = static_cast<sqlite3_int64>(rows + 1);
  }

  [[nodiscard]] std::unique_ptr<SqlCursor> open() const override { return std::make_unique<Readings>(folder_); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

SqlTableKind readings_table(const char* name, std::string folder) {
  return {
      name, schema,
      [](const std::filesystem::path& at) -> std::unique_ptr<SqlTable> { return std::make_unique<ReadingsTable>(at); },
      std::move(folder)};
}

}  // namespace telltale::store
