#include "backtest/run.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "analytics/engine.hpp"
#include "backtest/alert_log.hpp"

namespace telltale::backtest {

namespace {

using proto::LinkState;

template <class Entry, class Key, class Place>
const Entry& entry(const std::vector<Entry>& sorted, Key key, Place place) {
  return *std::ranges::lower_bound(sorted, key, {}, place);
}

/// Gives the engine a history as batches, one for each moment at which something was measured.
class Player {
 public:
  Player(const store::Directory& directory, AlertLog& alerts) : directory_(directory), alerts_(alerts) {
    if (!directory.devices.empty())
      knows_device_.resize(proto::to_number(directory.devices.back().key) + std::size_t{1});
    if (!directory.series.empty()) knows_series_.resize(proto::to_number(directory.series.back().id) + std::size_t{1});
  }

  void open(Timestamp at, proto::RuleSet rules, analytics::OnJudged on_judged) {
    engine_.show_judgements(std::move(on_judged));
    engine_.judge_rules_alone();  // births and announced heartbeats are not stored
    at_ = at;
    batch_.add(proto::RuleSetChange{std::move(rules)});
    for (const auto state : {LinkState::started, LinkState::up, LinkState::caught_up}) batch_.add(proto::Link{state});
    flush();
  }
  void play(const proto::Reading& reading) {
    if (reading.ts != at_) flush();
    at_ = reading.ts;
    introduce(reading.series);
    // What has no time of its own and waited in the broker is judged when all of it was read.
    const bool waited = reading.source == proto::TsSource::backlog;
    if (!waited && backlog_) batch_.add(proto::Link{LinkState::caught_up});
    backlog_ = waited;
    batch_.readings.push_back(reading);
  }
  void close(Timestamp at) {
    flush();
    at_ = at;
    flush();
  }
  [[nodiscard]] std::uint64_t series() const noexcept { return series_; }

 private:
  void introduce(proto::SeriesId id) {
    if (std::exchange(knows_series_[proto::to_number(id)], 1) != 0) return;
    ++series_;
    const auto& series = entry(directory_.series, id, &store::SeriesEntry::id);
    const auto& device = entry(directory_.devices, series.device, &store::DeviceEntry::key);
    if (std::exchange(knows_device_[proto::to_number(device.key)], 1) == 0) {
      batch_.add(proto::NewDevice{device.key, device.tenant, device.site, device.device});
      if (!device.tags.empty()) batch_.add(proto::DeviceTags{device.key, device.tags});
    }
    batch_.add(proto::NewSeries{id, series.device, series.metric, series.unit});
  }
  void flush() {
    batch_.log_time = at_;
    findings_.clear();
    engine_.process(batch_, findings_);
    for (const auto& finding : findings_)
      if (const auto* alert = std::get_if<proto::AlertTransition>(&finding)) alerts_.add(*alert);
    batch_.readings.clear();
    batch_.events.clear();
  }

  const store::Directory& directory_;
  AlertLog& alerts_;
  analytics::Engine engine_;
  proto::Batch batch_;
  Timestamp at_;
  std::vector<proto::Finding> findings_;
  std::vector<char> knows_device_, knows_series_;  // by number
  std::uint64_t series_ = 0;
  bool backlog_ = false;
};

bool learns(const proto::Rule& rule) {
  return std::holds_alternative<proto::UnusualCheck>(rule.check) ||
         std::holds_alternative<proto::ZScoreCheck>(rule.check) ||
         std::holds_alternative<proto::FrozenCheck>(rule.check);
}

}  // namespace

Millis usual_warm_up(const proto::RuleSet& rules) {
  return std::chrono::days(std::ranges::any_of(rules.rules, learns) ? 14 : 1);
}

Report run(History& history, const proto::RuleSet& rules, const RunOptions& options) {
  const auto& range = options.range;
  const Timestamp warm_from = range.from - options.warm_up;
  AlertLog alerts(rules, history.directory(), range, options.most_alerts);
  proto::RuleSet played = rules;
  played.windows.clear();  // nobody asks for aggregates
  played.rollup_windows.clear();

  Player player(history.directory(), alerts);
  player.open(warm_from, std::move(played), options.on_judged);
  std::uint64_t readings = 0;
  std::vector<proto::Reading> piece;
  for (history.start({warm_from, range.to}); history.next(piece);) {
    if (options.go_on && !options.go_on()) throw GivenUp();
    for (const auto& reading : piece) {
      if (reading.ts >= range.from) ++readings;
      player.play(reading);
    }
  }
  player.close(range.to - Millis{1});

  Report report = alerts.finish();
  report.warm_from = warm_from;
  report.readings = readings;
  report.series = player.series();
  return report;
}

}  // namespace telltale::backtest
