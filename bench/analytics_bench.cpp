// analytics_bench: what analytics costs, one core, no I/O; prints one JSON object. For bench_analytics.py.
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "analytics/engine.hpp"
#include "analytics/unusual_model.hpp"

using namespace telltale;

namespace {

double cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Noise made beforehand, so that making it is not measured.
std::vector<double> noise() {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(20, 1);
  std::vector<double> values(1 << 16);
  for (auto& v : values) v = normal(random);
  return values;
}

constexpr std::int64_t start_ms = 1'763'700'000'000;

/// Nanoseconds a reading of the model alone, `series` of them in turn, one reading in 10 s each.
double model_ns(const std::vector<double>& values, std::size_t series, std::size_t readings) {
  std::vector<analytics::UnusualModel> models(series);
  double sum = 0;
  double begin = 0;
  const std::size_t warmup = series * 120;
  for (std::size_t i = 0; i < warmup + readings; ++i) {
    if (i == warmup) begin = cpu_s();
    const auto ts = from_ms(start_ms + static_cast<std::int64_t>(i / series) * 10'000);
    sum += models[i % series].observe(ts, values[i & 0xFFFF]).reported;
  }
  const double ns = (cpu_s() - begin) / static_cast<double>(readings) * 1e9;
  return sum < 0 ? 0 : ns;
}

proto::RuleSet rules(int thresholds, bool unusual) {
  proto::RuleSet set;
  set.windows.clear();
  set.rollup_windows.clear();
  for (int i = 0; i < thresholds; ++i) {
    proto::Rule rule;
    rule.name = "r" + std::to_string(i);
    if (i % 4 == 3) {
      rule.check = proto::ZScoreCheck{12.0, {}, 500, 0.5, 30};
    } else {
      rule.check = proto::ThresholdCheck{100.0 + i, {}, {}};
    }
    if (i % 2 == 0) rule.persistence = Millis{10'000};
    set.rules.push_back(rule);
  }
  if (unusual) set.rules.emplace_back().check = proto::UnusualCheck{};
  if (unusual) set.rules.back().name = "unusual";
  return set;
}

struct Fleet {
  analytics::Engine engine;
  std::vector<proto::Finding> findings;
  std::uint32_t series;
  std::int64_t now_ms = start_ms;
  std::int64_t round = 0;

  Fleet(const proto::RuleSet& set, std::uint32_t devices) : series(devices) {
    proto::Batch batch;
    batch.log_time = from_ms(now_ms);
    batch.add(proto::RuleSetChange{set});
    for (std::uint32_t d = 1; d <= devices; ++d) {
      batch.add(
          proto::NewDevice{proto::DeviceKey{d}, "default", "site" + std::to_string(d % 100), "d" + std::to_string(d)});
      batch.add(proto::NewSeries{proto::SeriesId{d}, proto::DeviceKey{d}, "temperature", "Cel"});
    }
    for (const auto state : {proto::LinkState::started, proto::LinkState::up, proto::LinkState::caught_up})
      batch.add(proto::Link{state});
    engine.process(batch, findings);
  }
  /// One reading of every series, 10 s of log time.
  void all_read(const std::vector<double>& values) {
    now_ms += 10'000;
    ++round;
    for (std::uint32_t first = 1; first <= series; first += 1000) {
      proto::Batch batch;
      batch.log_time = from_ms(now_ms);
      for (std::uint32_t s = first; s < first + 1000 && s <= series; ++s) {
        proto::Reading reading{};
        reading.ts = from_ms(now_ms);
        reading.number = values[(s * 31U + static_cast<std::uint32_t>(round) * 977U) & 0xFFFF];
        reading.series = proto::SeriesId{s};
        batch.readings.push_back(reading);
      }
      findings.clear();
      engine.process(batch, findings);
    }
  }
  double ns_per_reading(const std::vector<double>& values, int rounds) {
    for (int i = 0; i < 5; ++i) all_read(values);
    const double begin = cpu_s();
    for (int i = 0; i < rounds; ++i) all_read(values);
    return (cpu_s() - begin) / rounds / series * 1e9;
  }
};

double bytes_per_series(const std::vector<double>& values, bool unusual) {
  constexpr std::uint32_t series = 20'000;
  const auto before = mallinfo2().uordblks;
  Fleet fleet(rules(0, unusual), series);
  fleet.all_read(values);
  fleet.findings = {};
  return static_cast<double>(mallinfo2().uordblks - before) / series;
}

/// Share of a core that 100,000 online devices cost in an hour in which nobody says anything and nobody is due.
double quiet_watchdog(const std::vector<double>& values) {
  auto set = rules(0, false);
  set.default_heartbeat_s = 7200;
  Fleet fleet(set, 100'000);
  fleet.all_read(values);
  const double begin = cpu_s();
  for (int second = 0; second < 3600; ++second) {
    proto::Batch tick;
    fleet.now_ms += 1000;
    tick.log_time = from_ms(fleet.now_ms);
    fleet.engine.process(tick, fleet.findings);
  }
  return (cpu_s() - begin) / 3600;
}

/// Share of a core that 100,000 devices cost that are heard once a minute (one reading each, no rules).
double heard_each_minute(const std::vector<double>& values) {
  Fleet fleet(rules(0, false), 100'000);
  fleet.all_read(values);
  constexpr int minutes = 20;
  const double begin = cpu_s();
  for (int minute = 0; minute < minutes; ++minute) {
    fleet.now_ms += 50'000;
    fleet.all_read(values);
  }
  return (cpu_s() - begin) / (60 * minutes);
}

}  // namespace

int main() {
  const auto values = noise();
  model_ns(values, 1000, 2'000'000);
  const double warm = model_ns(values, 1000, 5'000'000);
  const double many = model_ns(values, 100'000, 5'000'000);
  const double bytes = bytes_per_series(values, true) - bytes_per_series(values, false);
  const double plain = Fleet(rules(0, false), 1000).ns_per_reading(values, 2000);
  const double with_unusual = Fleet(rules(0, true), 1000).ns_per_reading(values, 2000);
  const double twenty = Fleet(rules(20, false), 1000).ns_per_reading(values, 1000);
  std::printf(
      "{\"model_ns\":%.1f,\"model_many_ns\":%.1f,\"bytes\":%.0f,\"engine_ns\":%.1f,\"unusual_ns\":%.1f,"
      "\"evaluations\":%.0f,\"quiet\":%.6f,\"heard\":%.6f}\n",
      warm, many, bytes, plain, with_unusual - plain, 20e9 / twenty, quiet_watchdog(values), heard_each_minute(values));
  return 0;
}
