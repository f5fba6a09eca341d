#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// What the finite numeric readings of one series in one hour or one UTC day come to.
struct RollupRow {
  std::int64_t t = 0;  // ms, start of the hour or day
  proto::SeriesId series = proto::SeriesId::none;
  std::uint64_t n = 0;
  double min = 0, max = 0, sum = 0, sumsq = 0, last = 0;
  friend bool operator==(const RollupRow&, const RollupRow&) = default;
};

enum class RollupStep : std::uint8_t { hour, day };
[[nodiscard]] std::string_view to_string(RollupStep step) noexcept;

/// rollup/202511-raw-hour.db: a month of rows of one retention class. Written when a day closes, from its merged
/// readings; replaced when readings arrive late; never changed once the day's readings have gone.
struct RollupFileName {
  std::int64_t month = 0;  // months since year 0
  std::string klass = "raw";
  RollupStep step = RollupStep::hour;
  friend bool operator==(const RollupFileName&, const RollupFileName&) = default;
};
[[nodiscard]] std::string to_string(const RollupFileName& name);
[[nodiscard]] std::optional<RollupFileName> parse_rollup_file_name(std::string_view name);
/// Those in rollup/, by month.
[[nodiscard]] std::vector<RollupFileName> list_rollup_files(const std::filesystem::path& rollup_folder);

/// `row`, of the same series and an hour after those in `sum`, or the first.
void add(RollupRow& sum, const RollupRow& row);

/// What is read of a row beside its time and n.
enum class RollupColumns : std::uint8_t {
  all,
  sum,  // the rest is 0. Cost: two thirds
};

class RollupFile {
 public:
  static RollupFile open(const std::filesystem::path& file);            // made or migrated
  static RollupFile open_read_only(const std::filesystem::path& file);  // throws DatabaseError

  [[nodiscard]] bool has_day(std::int64_t day);
  [[nodiscard]] std::vector<std::int64_t> days();  // that have rows, ascending. Cost: one seek each
  [[nodiscard]] std::optional<std::string> quick_check() { return database_.quick_check(); }
  /// Of one series in [from, to), ascending. Cost: one seek per day.
  [[nodiscard]] std::vector<RollupRow> rows(proto::SeriesId series, std::int64_t from, std::int64_t to,
                                            RollupColumns columns = RollupColumns::all);
  /// Of all series in [from, to), by day, series and time.
  void each(std::int64_t from, std::int64_t to, const std::function<void(const RollupRow&)>& visit);

  /// Deletes and overwrites all rows of some series. Cost: one seek per day and series.
  void remove(const std::vector<proto::SeriesId>& series);

  /// Replaces rows of one day, all or nothing.
  class Replace {
   public:
    Replace(RollupFile& file, std::int64_t day);
    void clear();                        // the whole day
    void clear(proto::SeriesId series);  // one series' part of it
    void add(const RollupRow& row);
    void commit();

   private:
    Transaction transaction_;
    Statement clear_day_;
    Statement clear_series_;
    Statement insert_;
    std::int64_t day_;
  };

 private:
  explicit RollupFile(Database database) : database_(std::move(database)) {}
  Database database_;
  KeptStatement days_held_, rows_of_day_, sums_of_day_;
};

/// Gathers the rows of one series over one day: add() in the order of time, hours in order.
class RollupBuilder {
 public:
  void begin(proto::SeriesId series, std::int64_t day);
  void add(const proto::Reading& reading);  // text and what is not finite is left out
  [[nodiscard]] const std::vector<RollupRow>& hours() const noexcept { return hours_; }
  [[nodiscard]] const RollupRow& day() const noexcept { return day_; }  // n may be 0

 private:
  std::vector<RollupRow> hours_;
  RollupRow day_;
};

}  // namespace telltale::store
