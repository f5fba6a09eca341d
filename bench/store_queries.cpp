#include <atomic>
#include <cmath>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/store_runs.hpp"
#include "store/query.hpp"

namespace telltale::bench {

using namespace proto;

namespace {

constexpr std::int64_t hour_ms = 3600 * 1000;
constexpr std::int64_t day_ms = 24 * hour_ms;

/// Runs a query up to `repeat` times, but no longer than a few seconds. Milliseconds.
std::vector<double> timed(int repeat, const std::function<void()>& query) {
  constexpr double most_seconds = 5;
  query();  // warm
  std::vector<double> out;
  const Stopwatch all;
  for (int i = 0; i < repeat && (i < 1 || all.seconds() < most_seconds); ++i) {
    const Stopwatch one;
    query();
    out.push_back(one.seconds() * 1e3);
  }
  return out;
}

/// The questions people ask, over random series and days of what the folder holds.
class Questions {
 public:
  explicit Questions(const QueryOptions& options)
      : options_(options),
        begin_ms_(options.shape.start_ms),
        end_ms_(StoreLoad::end_ms(options.shape, options.readings)),
        reader_(options.folder) {
    for (std::uint32_t series = 1; series <= options.shape.series; series += StoreLoad::metrics_per_device)
      one_of_each_device_.push_back(static_cast<SeriesId>(series));
  }

  [[nodiscard]] std::int64_t span_days() const { return (end_ms_ - begin_ms_) / day_ms; }

  void one_day() {
    const auto days = std::max<std::int64_t>(span_days() - 1, 0);
    const auto from =
        begin_ms_ + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(days * 24 + 1)) * hour_ms;
    seen_ += reader_.rows(any_series(), {from_ms(from), from_ms(from + day_ms)}).size();
  }
  void hourly(std::uint32_t series) {
    const store::Range range{from_ms(std::max(begin_ms_, end_ms_ - 30 * day_ms)), from_ms(end_ms_)};
    seen_ += reader_.aggregate(static_cast<SeriesId>(series), range, Millis(hour_ms), store::Aggregate::avg).size();
  }
  void hourly_of_one() { hourly(to_number(any_series())); }
  void hourly_of_100() {
    for (std::uint32_t series = 1; series <= std::min(options_.shape.series, 100U); ++series) hourly(series);
  }
  void mean_and_stddev_of_all() {
    const auto all = reader_.fleet({from_ms(begin_ms_ - day_ms), from_ms(end_ms_ + day_ms)});
    if (all.n != options_.readings)
      throw std::runtime_error("the folder holds " + std::to_string(all.n) + " readings of " +
                               std::to_string(options_.readings));
    ++seen_;
  }
  void latest_of_each_device() { seen_ += reader_.latest(one_of_each_device_).size(); }
  void latest_of_one() { seen_ += reader_.latest(any_series()) ? 1U : 0U; }

  std::size_t take_seen() { return std::exchange(seen_, 0); }

 private:
  SeriesId any_series() { return static_cast<SeriesId>(1 + random_() % options_.shape.series); }

  const QueryOptions options_;
  const std::int64_t begin_ms_, end_ms_;
  store::Reader reader_;
  std::vector<SeriesId> one_of_each_device_;
  std::mt19937_64 random_{7};
  std::size_t seen_ = 0;
};

}  // namespace

void run_queries(const QueryOptions& options) {
  Questions ask(options);
  Figures figures;
  const auto measure = [&](const std::string& name, int repeat, const std::function<void()>& query) {
    ask.take_seen();
    const auto ms = timed(repeat, query);
    figures.add(name + "_p50_ms", quantile(ms, 0.5));
    figures.add(name + "_p99_ms", quantile(ms, 0.99));
    figures.add(name + "_answers", static_cast<double>(ask.take_seen()) / static_cast<double>(ms.size() + 1));
  };
  switch (options.subject) {
    case Subject::days:
      measure("day_of_one", options.repeat, [&] { ask.one_day(); });
      measure("hourly_of_one", options.repeat, [&] { ask.hourly_of_one(); });
      measure("hourly_of_100", std::max(options.repeat / 10, 1), [&] { ask.hourly_of_100(); });
      break;
    case Subject::all:
      measure("mean_and_stddev_of_all", std::max(options.repeat / 10, 1), [&] { ask.mean_and_stddev_of_all(); });
      break;
    case Subject::latest:
      measure("latest_of_each_device", std::max(options.repeat / 10, 1), [&] { ask.latest_of_each_device(); });
      figures.add("devices", options.shape.series / StoreLoad::metrics_per_device);
      break;
  }
  figures.print();
}

void run_beside(const QueryOptions& options) {
  struct Kind {
    std::string name;
    std::function<void(Questions&)> query;
  };
  const std::vector<Kind> kinds{{"day_of_one", &Questions::one_day},
                                {"hourly_of_one", &Questions::hourly_of_one},
                                {"latest_of_one", &Questions::latest_of_one}};
  StoreLoad::Options load_options;
  load_options.folder = options.folder;
  load_options.shape = options.shape;
  load_options.shape.series = 1000;
  load_options.shape.start_ms = StoreLoad::end_ms(options.shape, options.readings) + day_ms;
  load_options.first_series = options.shape.series + 1;
  StoreLoad load(load_options);  // quiet means: the service is there and has nothing to do

  Figures figures;
  const auto measure = [&](const std::string& when) {
    Questions ask(options);  // the same series and days both times
    for (const auto& kind : kinds) {
      const auto ms = timed(options.repeat, [&] { kind.query(ask); });
      figures.add(kind.name + "_p50_ms_" + when, quantile(ms, 0.5));
      figures.add(kind.name + "_p99_ms_" + when, quantile(ms, 0.99));
    }
  };
  measure("quiet");
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> appended = 0;
  Stopwatch watch;
  std::jthread writer([&] {
    constexpr std::uint64_t most_readings = 100'000'000;
    while (!stop && appended < most_readings) {
      load.append(load_options.batch);
      appended += load_options.batch;
    }
  });
  constexpr double most_wait = 60;
  while (appended < load_options.rotate && watch.seconds() < most_wait)  // until the seal works too
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  watch = Stopwatch();
  const auto before = appended.load();
  measure("beside_ingest");
  const auto meanwhile = appended - before;
  figures.add("ingest_rate_beside", static_cast<double>(meanwhile) / watch.seconds());
  stop = true;
  writer.join();
  if (meanwhile < load_options.rotate)
    throw std::runtime_error("too little came in beside the queries: the disk is busy");
  load.seal_all();
  figures.print();
}

}  // namespace telltale::bench
