// What a backtest says of a data folder, and what the service said that wrote it.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <ostream>
#include <random>
#include <set>
#include <tuple>

#include "backtest/run.hpp"
#include "backtest/store_history.hpp"
#include "tests/alerting/service_bench.hpp"

namespace telltale::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t devices = 3;
constexpr std::uint32_t metrics = 4;
const Timestamp begin = SimulatedClock().now();
constexpr Millis step = 10s;

proto::Rule rule(const char* name, const char* metric, proto::Check check, proto::Persistence persistence = {},
                 Millis cooldown = 0s) {
  proto::Rule r;
  r.name = name;
  r.metric = metric;
  r.check = check;
  r.persistence = persistence;
  r.cooldown = cooldown;
  return r;
}

/// One of each type, and each kind of `for`.
proto::RuleSet every_rule() {
  proto::RuleSet rules;
  rules.rules = {
      rule("high", "m0", proto::ThresholdCheck{25.0, {}, 23.0}),
      rule("high-for", "m0", proto::ThresholdCheck{24.0, {}, {}}, Millis{25s}),
      rule("high-often", "m0", proto::ThresholdCheck{24.0, {}, {}}, proto::NofM{2, 4}, 5min),
      rule("odd", "m1", proto::ZScoreCheck{3.0, {}, 100, 0.0, 30}),
      rule("fast", "m1", proto::RateCheck{30.0, {}, 60s, 0s, proto::RateDirection::both}),
      rule("stuck", "m2", proto::FlatlineCheck{2min, 0.0}),
      rule("gone", "*", proto::MissingCheck{3min}),
      rule("worn", "m3", proto::FrozenCheck{4.0, {}, 100, 0.0}),
      rule("unusual", "*", proto::UnusualCheck{}, {}, 15min),
  };
  return rules;
}

/// A small fleet of noisy curves with peaks, stuck sensors, and silences of a series and of a device.
class Fleet {
 public:
  explicit Fleet(std::uint32_t seed) : random_(seed) {}

  std::vector<proto::Reading> at(Timestamp now) {
    std::vector<proto::Reading> out;
    const double phase = static_cast<double>((now - begin).count()) / 600'000.0;
    for (std::uint32_t d = 0; d < devices; ++d) {
      if (silent(quiet_devices_[d], now, 0.0005)) continue;
      for (std::uint32_t m = 0; m < metrics; ++m) {
        const std::uint32_t id = d * metrics + m;
        if (silent(quiet_series_[id], now, 0.001)) continue;
        if (chance(0.003)) stuck_until_[id] = now + 4min;
        if (!(now < stuck_until_[id])) value_[id] = 20 + std::sin(phase + d) + noise_(random_) + (chance(0.01) ? 8 : 0);
        if (m == 3) value_[id] += 1e-3;
        proto::Reading r{};
        r.ts = now;
        r.number = value_[id];
        r.series = proto::SeriesId{id + 1};
        out.push_back(r);
      }
    }
    return out;
  }

 private:
  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }
  bool silent(Timestamp& until, Timestamp now, double p) {
    if (now < until) return true;
    if (!chance(p)) return false;
    until = now + 5min;
    return true;
  }
  std::mt19937 random_;
  std::normal_distribution<> noise_{0, 0.5};
  std::map<std::uint32_t, Timestamp> quiet_devices_, quiet_series_, stuck_until_;
  std::map<std::uint32_t, double> value_;
};

struct Span {
  std::string rule, device, metric;
  std::int64_t started, raised, ended;  // ended 0: still open
  int flaps;
  auto operator<=>(const Span&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Span& s) {
  return out << s.rule << ' ' << s.device << '/' << s.metric << " started " << s.started << " raised " << s.raised
             << " ended " << s.ended << " flaps " << s.flaps;
}

/// From what the service wrote into its alert history.
std::multiset<Span> told_live(const store::StateDb& state) {
  std::map<std::string, Span> spans;
  for (const auto& row : state.history()) {
    rapidjson::Document json;
    json.Parse(row.payload.c_str());
    const auto text = [&](const char* key) { return std::string(json[key].GetString()); };
    if (text("rule") == "offline" || text("rule") == "site-silent") continue;
    const auto ts = json["ts"].GetInt64();
    auto& span = spans
                     .try_emplace(row.id, Span{text("rule"), text("device"), text("metric"),
                                               json["started_ts"].GetInt64(), ts, 0, 0})
                     .first->second;
    const auto state_name = text("state");
    span.ended = state_name == "resolved" || state_name == "removed" ? ts : 0;
    span.flaps += state_name == "flapping" ? 1 : 0;
  }
  std::multiset<Span> out;
  for (const auto& [id, span] : spans) out.insert(span);
  return out;
}

std::multiset<Span> told(const backtest::Report& report) {
  std::multiset<Span> out;
  for (const auto& a : report.alerts)
    out.insert({a.rule, a.device, a.metric, to_ms(a.started), to_ms(a.raised), a.ended ? to_ms(*a.ended) : 0,
                static_cast<int>(a.flaps)});
  return out;
}

/// A service in simulated time: a batch at each moment with readings, and one at each deadline, as the writer makes
/// them. Every 20 minutes the log's segment ends, so that some of the history is sealed.
void live_through(ServiceBench& service, std::uint32_t seed, Millis length) {
  service.start();
  proto::Batch opening;
  opening.log_time = begin;
  opening.add(proto::RuleSetChange{every_rule()});
  for (const auto state : {proto::LinkState::started, proto::LinkState::up, proto::LinkState::caught_up})
    opening.add(proto::Link{state});
  for (std::uint32_t d = 0; d < devices; ++d) {
    opening.add(proto::NewDevice{proto::DeviceKey{d + 1}, "default", "hall", "d" + std::to_string(d)});
    for (std::uint32_t m = 0; m < metrics; ++m)
      opening.add(proto::NewSeries{proto::SeriesId{d * metrics + m + 1}, proto::DeviceKey{d + 1},
                                   "m" + std::to_string(m), "Cel"});
    // A device that is offline says so itself, instead of what its series miss: nobody is.
    opening.add(proto::DeviceStatus{proto::DeviceKey{d + 1}, proto::DeviceState::online, false, "", 600, {}});
  }
  service.take(opening);

  Fleet fleet(seed);
  for (Timestamp now = begin; now < begin + length; now += step) {
    for (auto deadline = service.pipeline->next_deadline(); deadline && *deadline < now;
         deadline = service.pipeline->next_deadline()) {
      proto::Batch tick;
      tick.log_time = *deadline;
      service.take(tick);
    }
    proto::Batch batch;
    batch.log_time = now;
    batch.readings = fleet.at(now);
    service.take(batch);
    if ((now - begin) % Millis{20min} == Millis{0}) static_cast<void>(service.store->rotate());
  }
}

TEST_CASE("a backtest raises the alerts that the service raised for the same readings", "[backtest][lesson-28]") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  constexpr Millis length = 2h;
  ServiceBench service;
  live_through(service, seed, length);

  const auto live = told_live(*service.state);
  std::set<std::string> rules;
  for (const auto& span : live) rules.insert(span.rule);
  CHECK(rules.size() >= 7);  // the fleet gives nearly every rule something to say

  backtest::StoreHistory history(service.folder.path(), {}, 500);  // beside the service; pieces of half an hour
  const auto report = backtest::run(history, every_rule(), {.range = {begin, begin + length}});
  CHECK(report.series == devices * metrics);
  CHECK(told(report) == live);
}

TEST_CASE("readings before the range teach, and their alerts are not told", "[backtest]") {
  ServiceBench service;
  live_through(service, 4, 2h);
  const auto live = told_live(*service.state);
  const Timestamp from = begin + 1h;

  backtest::StoreHistory history(service.folder.path(), {});
  const auto report = backtest::run(history, every_rule(), {.range = {from, begin + 2h}, .warm_up = 1h});
  std::multiset<Span> expected;
  for (const auto& span : live)
    if (span.ended == 0 || span.ended >= to_ms(from)) expected.insert(span);
  CHECK(told(report) == expected);
  std::uint64_t raised = 0;
  for (const auto& rule : report.rules) raised += rule.raised;
  CHECK(raised == static_cast<std::uint64_t>(std::count_if(
                      live.begin(), live.end(), [&](const Span& span) { return span.raised >= to_ms(from); })));

  // Without warm-up nobody has learned anything yet.
  const auto cold = backtest::run(history, every_rule(), {.range = {from, begin + 2h}});
  CHECK(told(cold) != expected);
}

TEST_CASE("a backtest of some series says what they would have said", "[backtest]") {
  ServiceBench service;
  live_through(service, 5, 1h);
  backtest::StoreHistory history(service.folder.path(), {.device = "d1", .metric = "m*"});
  const auto report = backtest::run(history, every_rule(), {.range = {begin, begin + 1h}});
  CHECK(report.series == metrics);
  auto live = told_live(*service.state);
  std::erase_if(live, [](const Span& span) { return span.device != "d1"; });
  CHECK(told(report) == live);
}

}  // namespace
}  // namespace telltale::test
