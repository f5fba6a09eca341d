// SQLite as people use it for readings, with the readings of the store's runs: what ./run bench store compares with.
// Loads one database, asks the same questions, prints one line of JSON.
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/process_usage.hpp"
#include "bench/telemetry.hpp"

namespace telltale::bench {
namespace {

enum class Layout : std::uint8_t { text, narrow };

struct Options {
  std::string file;
  Layout layout = Layout::text;
  TelemetryShape shape;
  std::uint64_t readings = 100'000;
  std::uint64_t commit = 10'000;  // rows per transaction
  double seconds = 15;            // of loading, at most
  int repeat = 20;                // of each question; 0 = none
};

constexpr std::int64_t hour_ms = 3600 * 1000;

/// 2026-01-01T00:00:00.123Z: what a tutorial stores, and what sorts by time.
std::string iso(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  char day[32], all[40];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &fields);
  std::snprintf(all, sizeof all, "%s.%03dZ", day, static_cast<int>(ms % 1000));
  return all;
}

class Peer {
 public:
  explicit Peer(const Options& options) : options_(options) {
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(options.file.c_str(), &db);
    db_.reset(db);
    check(opened);
    if (options.layout == Layout::text) {  // and every setting as SQLite starts with: rollback journal, FULL
      exec("create table readings(id integer primary key, device text, metric text, timestamp text, value real)");
      exec("create index readings_device_timestamp on readings(device, timestamp)");
      insert_ = prepare("insert into readings(device, metric, timestamp, value) values(?, ?, ?, ?)");
    } else {
      exec("pragma journal_mode=wal");
      exec("pragma synchronous=full");
      exec(
          "create table readings(series_id integer, ts integer, value real, primary key(series_id, ts)) without rowid");
      insert_ = prepare("insert or replace into readings values(?, ?, ?)");
    }
  }

  /// Until all are in or the time is over, whichever is first.
  std::uint64_t load() {
    Telemetry telemetry(options_.shape);
    const Stopwatch watch;
    std::uint64_t done = 0;
    while (done < options_.readings && watch.seconds() < options_.seconds) {
      exec("begin");
      for (std::uint64_t i = 0; i < options_.commit && done < options_.readings; ++i, ++done) put(telemetry.next());
      exec("commit");
    }
    end_ms_ = telemetry.now_ms();
    return done;
  }

  void checkpoint() { exec("pragma wal_checkpoint(truncate)"); }
  std::size_t one_day() {
    const auto to = end_ms_;
    return ask_range(
        "select timestamp, value from readings where device=?1 and metric=?2 and timestamp>=?3 and timestamp<?4 "
        "order by timestamp",
        "select ts, value from readings where series_id=?1 and ts>=?3 and ts<?4 order by ts",
        std::max(options_.shape.start_ms, to - 24 * hour_ms), to);
  }
  std::size_t hourly() {
    return ask_range(
        "select substr(timestamp, 1, 13), avg(value) from readings where device=?1 and metric=?2 and "
        "timestamp>=?3 and timestamp<?4 group by 1",
        "select ts/3600000, avg(value) from readings where series_id=?1 and ts>=?3 and ts<?4 group by 1",
        options_.shape.start_ms, end_ms_ + hour_ms);
  }
  std::size_t all() {
    auto question = prepare("select avg(value), avg(value*value) from readings");
    return rows(question.get());
  }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
      throw std::runtime_error(sqlite3_errmsg(db_.get()));
  }
  void exec(const char* sql) const { check(sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr)); }
  Statement prepare(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db_.get(), sql, -1, &statement, nullptr));
    return Statement(statement);
  }
  static void bind(sqlite3_stmt* statement, int place, const std::string& text) {
    sqlite3_bind_text(statement, place, text.c_str(), -1, SQLITE_TRANSIENT);
  }
  static std::string device(std::uint32_t series) { return "dev-" + std::to_string(100'000 + series / 10); }
  static std::string metric(std::uint32_t series) { return "m" + std::to_string(series % 10); }

  void put(const Telemetry::Sample& sample) {
    auto* s = insert_.get();
    if (options_.layout == Layout::text) {
      bind(s, 1, device(sample.series));
      bind(s, 2, metric(sample.series));
      bind(s, 3, iso(sample.ts_ms));
      sqlite3_bind_double(s, 4, sample.value);
    } else {
      sqlite3_bind_int64(s, 1, sample.series);
      sqlite3_bind_int64(s, 2, sample.ts_ms);
      sqlite3_bind_double(s, 3, sample.value);
    }
    check(sqlite3_step(s));
    check(sqlite3_reset(s));
  }

  std::size_t rows(sqlite3_stmt* question) const {
    std::size_t n = 0;
    int code = SQLITE_ROW;
    for (; (code = sqlite3_step(question)) == SQLITE_ROW; ++n) (void)sqlite3_column_double(question, 1);
    check(code);
    return n;
  }

  std::size_t ask_range(const char* text, const char* narrow, std::int64_t from, std::int64_t to) {
    const auto series = next_series_++ % options_.shape.series;
    const bool is_text = options_.layout == Layout::text;
    auto question = prepare(is_text ? text : narrow);
    if (is_text) {
      bind(question.get(), 1, device(series));
      bind(question.get(), 2, metric(series));
      bind(question.get(), 3, iso(from));
      bind(question.get(), 4, iso(to));
    } else {
      sqlite3_bind_int64(question.get(), 1, series);
      sqlite3_bind_int64(question.get(), 3, from);
      sqlite3_bind_int64(question.get(), 4, to);
    }
    return rows(question.get());
  }

  const Options options_;
  std::unique_ptr<sqlite3, Close> db_;
  Statement insert_;
  std::int64_t end_ms_ = 0;
  std::uint32_t next_series_ = 0;
};

void run(const Options& options) {
  std::filesystem::remove(options.file);
  Peer peer(options);
  const auto written_before = bytes_written();
  const Stopwatch watch;
  const auto done = static_cast<double>(peer.load());
  Figures figures;
  figures.add("readings", done);
  figures.add("rate", done / watch.seconds());
  figures.add("written_bytes", static_cast<double>(bytes_written() - written_before) / done);
  peer.checkpoint();
  figures.add("bytes", static_cast<double>(std::filesystem::file_size(options.file)) / done);
  const auto ask = [&](const char* name, int repeat, auto question) {
    std::vector<double> ms;
    std::size_t answers = question();  // warm
    for (int i = 0; i < repeat; ++i) {
      const Stopwatch one;
      answers = question();
      ms.push_back(one.seconds() * 1e3);
    }
    figures.add(std::string(name) + "_p50_ms", quantile(ms, 0.5));
    figures.add(std::string(name) + "_answers", static_cast<double>(answers));
  };
  if (options.repeat > 0) {
    ask("day_of_one", options.repeat, [&] { return peer.one_day(); });
    ask("hourly_of_one", options.repeat, [&] { return peer.hourly(); });
    ask("mean_and_stddev_of_all", 3, [&] { return peer.all(); });
  }
  figures.print();
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  using namespace telltale::bench;
  Options options;
  CLI::App app("SQLite beside the store");
  app.add_option("--file", options.file, "database, made anew")->required();
  app.add_option("--layout", options.layout)
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Layout>{{"text", Layout::text}, {"narrow", Layout::narrow}}));
  app.add_option("--series", options.shape.series)->check(CLI::Range(1U, 1U << 24));
  app.add_option("--readings", options.readings);
  app.add_option("--commit", options.commit, "rows per transaction")
      ->check(CLI::Range(std::uint64_t{1}, UINT64_MAX / 2));
  app.add_option("--seconds", options.seconds, "of loading, at most");
  app.add_option("--repeat", options.repeat, "of each question; 0: load only");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sqlite_peer: %s: %s\n", options.file.c_str(), error.what());
    return 1;
  }
}
