#pragma once

#include <random>
#include <set>
#include <vector>

#include "analytics/engine.hpp"

namespace telltale::test {

/// Makes up a log of a small fleet: readings of all kinds, births, wills, naps, a shaky link, rule changes, operators,
/// clock steps, late ticks, removals, models that are imported or reset. The same seed gives the same log.
class LogMaker {
 public:
  explicit LogMaker(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::vector<proto::Batch> make(std::size_t batches) {
    std::vector<proto::Batch> log;
    log.push_back(opening());
    while (log.size() < batches) log.push_back(next());
    return log;
  }
  /// An id that an alert of this log has, for operators; to be filled from what an engine said.
  std::vector<std::string> alert_ids;
  /// What the rules of this log have learned, to be imported again: to be filled likewise.
  std::vector<proto::LearnedModel> models;

  static constexpr std::uint32_t devices = 14;
  static constexpr std::uint32_t metrics = 3;

  [[nodiscard]] proto::Batch next() {
    proto::Batch batch;
    const bool step = chance(2);
    const Timestamp from = advance();
    if (step) {
      now_ = from + Millis{pick(-3'600'000, 3'600'000)};
      batch.add(proto::ClockStep{from, now_});
    }
    batch.log_time = now_;
    if (chance(6)) storm(batch, chance(60) ? 99 : 40);
    const auto entries = pick(0, 8);
    for (int i = 0; i < entries; ++i) {
      if (chance(80)) {
        batch.readings.push_back(reading());
      } else {
        batch.add(event());
      }
    }
    return batch;
  }

 private:
  bool chance(int percent) { return pick(0, 99) < percent; }
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  Timestamp advance() {
    if (chance(85)) return now_ += Millis{pick(0, 2'000)};
    if (chance(85)) return now_ += Millis{pick(0, 60) * 1'000};
    return now_ += Millis{pick(0, 3'600) * 1'000};
  }

  /// All series of the device with many at once.
  void storm(proto::Batch& batch, double value) {
    for (std::uint32_t id = 1; id <= series_; ++id) {
      if (id > metrics && id <= devices * metrics) continue;
      proto::Reading r{};
      r.series = proto::SeriesId{id};
      r.ts = now_;
      r.number = value;
      batch.readings.push_back(r);
    }
  }

  proto::Batch opening() {
    proto::Batch batch;
    batch.log_time = now_;
    batch.add(proto::RuleSetChange{rules()});
    std::uint32_t series = 0;
    for (std::uint32_t d = 1; d <= devices; ++d) {
      batch.add(
          proto::NewDevice{proto::DeviceKey{d}, "default", d % 4 == 0 ? "yard" : "hall", "d" + std::to_string(d)});
      for (std::uint32_t m = 0; m < metrics; ++m)
        batch.add(proto::NewSeries{proto::SeriesId{++series}, proto::DeviceKey{d}, "m" + std::to_string(m), "Cel"});
    }
    for (std::uint32_t m = metrics; m < 14; ++m)  // one with many, so that alerts group
      batch.add(proto::NewSeries{proto::SeriesId{++series}, proto::DeviceKey{1}, "m" + std::to_string(m), ""});
    series_ = series;
    batch.add(proto::Link{proto::LinkState::started});
    batch.add(proto::Link{proto::LinkState::up});
    batch.add(proto::Link{proto::LinkState::caught_up});
    return batch;
  }

  proto::RuleSet rules() {
    proto::RuleSet set;
    for (int i = pick(0, 4); i > 0; --i) set.rules.push_back(rule("r" + std::to_string(i)));
    if (chance(50)) set.heartbeats.push_back({"*", "*", "d1*", pick(1, 100)});
    set.default_heartbeat_s = chance(50) ? 60 : pick(1, 100);
    set.windows = {Millis{60'000}};
    if (chance(50)) set.windows.emplace_back(10'000);
    if (chance(50)) set.rollup_windows = {Millis{10'000}};
    if (chance(30)) set.offline_severity = proto::Severity::info;
    for (int i = pick(0, 2); i > 0; --i) set.zones.push_back({"*", chance(50) ? "hall" : "*", zone()});
    for (int i = pick(0, 2); i > 0; --i) set.maintenance.push_back(maintenance("w" + std::to_string(i)));
    return set;
  }

  proto::Rule rule(std::string name) {
    proto::Rule r;
    r.name = std::move(name);
    r.metric = chance(50) ? "*" : "m" + std::to_string(pick(0, 2));
    r.site = chance(70) ? "*" : "hall";
    if (chance(20)) r.except = {chance(50) ? "m1" : "d2/*"};
    if (chance(20)) r.tags = {{"fw", "1"}};
    if (chance(70)) {
      proto::ThresholdCheck check;
      check.above = pick(60, 90);
      if (chance(50)) check.clear = *check.above - pick(0, 20);
      if (chance(30)) check.below = pick(0, 20);
      r.check = check;
    } else if (chance(70)) {
      const proto::Check others[] = {
          proto::UnusualCheck{},
          proto::RateCheck{static_cast<double>(pick(1, 50)), {}, Millis{10'000}, Millis{pick(0, 1) * 20'000}},
          proto::FlatlineCheck{Millis{pick(1, 60) * 1'000}, static_cast<double>(pick(0, 40))},
          proto::MissingCheck{Millis{pick(1, 120) * 1'000}},
          proto::FrozenCheck{2, 1.0, 5},
      };
      r.check = others[pick(0, 4)];
    } else {
      proto::ZScoreCheck check;
      check.warmup = 3;
      check.limit = 2;
      check.span = 20;
      r.check = check;
    }
    if (chance(30)) r.persistence = Millis{pick(0, 20) * 1'000};
    if (chance(20)) r.persistence = proto::NofM{2, 4};
    if (chance(40)) r.cooldown = Millis{pick(1, 60) * 1'000};
    r.severity = static_cast<proto::Severity>(pick(0, 2));
    if (chance(40)) r.escalate.push_back({Millis{pick(0, 300) * 1'000}, proto::Severity::warning});
    if (chance(30)) r.escalate.push_back({Millis{pick(300, 2'000) * 1'000}, proto::Severity::critical});
    return r;
  }

  proto::AlertPattern pattern() {
    proto::AlertPattern p;
    if (chance(40)) p.site = chance(50) ? "hall" : "y*";
    if (chance(40)) p.device = chance(50) ? "d1*" : "*";
    if (chance(30)) p.rule = chance(50) ? "r*" : "offline";
    if (chance(20)) p.severity = "warning";
    return p;
  }

  proto::MaintenanceWindow maintenance(std::string name) {
    proto::MaintenanceWindow w;
    w.name = std::move(name);
    w.pattern = pattern();
    if (chance(50)) {
      const auto from = now_ + Millis{pick(-600, 600) * 1'000};
      w.once = proto::TimeSpan{from, from + Millis{pick(1, 900) * 1'000}};
      return w;
    }
    w.weekdays = static_cast<std::uint8_t>(pick(1, 127));
    w.start = Millis{pick(0, 86'399) * 1'000};
    w.duration = Millis{pick(60, 100'000) * 1'000};
    w.zone = zone();
    return w;
  }

  proto::ZoneOffsets zone() {
    proto::ZoneOffsets z;
    z.first = Millis{pick(-12, 12) * 3'600'000};
    z.changes = {{now_ + Millis{pick(-90'000, 90'000) * 1'000}, z.first + Millis{3'600'000}}};
    return z;
  }

  /// Something learned is reset, given back as it was, or given to another series.
  proto::Event model_change() {
    proto::LearnedModel model{"default", "hall", "d1", "m1", "r1", "zscore", 1, {}};
    model.numbers = {{"readings", {9}}, {"mean", {40}}, {"variance", {25}}};
    if (!models.empty()) model = models[static_cast<std::size_t>(pick(0, static_cast<int>(models.size()) - 1))];
    if (chance(30)) model.numbers.clear();
    if (chance(30)) model.metric = "m" + std::to_string(pick(0, 2));
    return proto::ModelChange{std::move(model)};
  }

  proto::Reading reading() {
    proto::Reading r{};
    r.series = proto::SeriesId{static_cast<std::uint32_t>(pick(1, static_cast<int>(series_)))};
    r.ts = now_;
    if (chance(20)) r.ts -= Millis{pick(-300, 600) * 1'000};
    r.number = chance(20) ? pick(85, 99) : pick(0, 80);
    if (chance(2)) r.number = std::numeric_limits<double>::quiet_NaN();
    r.type = chance(95) ? proto::ValueType::number : proto::ValueType::boolean;
    r.source = chance(90) ? proto::TsSource::device : proto::TsSource::backlog;
    return r;
  }

  /// Removed for good: what is told of the device afterwards is told of nobody.
  proto::Event removal(std::uint32_t device) {
    proto::DevicesRemoved removed{"default", "hall", "d" + std::to_string(device), "", "", {}, {}};
    if (!removed_.insert(device).second) return removed;
    removed.devices = {proto::DeviceKey{device}};
    for (std::uint32_t m = 1; m <= metrics; ++m) removed.series.push_back(proto::SeriesId{(device - 1) * metrics + m});
    for (auto id = devices * metrics + 1; device == 1 && id <= series_; ++id)
      removed.series.push_back(proto::SeriesId{id});
    return removed;
  }

  proto::Event event() {
    const proto::DeviceKey device{static_cast<std::uint32_t>(pick(1, devices))};
    const auto word = [&] { return chance(50) ? std::string() : std::to_string(pick(1, 2)); };
    if (chance(3)) return removal(static_cast<std::uint32_t>(pick(1, devices)));
    switch (pick(0, 13)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        proto::DeviceStatus s{device, static_cast<proto::DeviceState>(pick(0, 2)), chance(10), word(), {}, {}};
        if (chance(30)) s.heartbeat_s = pick(0, 40);
        return s;
      }
      case 4:
      case 5:
        return proto::Link{static_cast<proto::LinkState>(pick(0, 6))};
      case 6:
        return proto::Link{proto::LinkState::caught_up};
      case 7:
        if (chance(70)) return proto::Heard{device};
        return proto::RuleSetChange{rules()};
      case 8:
        return proto::DeviceTags{device, {{"fw", std::to_string(pick(1, 2))}}};
      case 9: {
        proto::OperatorAction a{
            static_cast<proto::OperatorVerb>(pick(0, 1)), "default", "a-0123456789abcdef", "ana", word(), {}};
        if (!alert_ids.empty())
          a.alert_id = alert_ids[static_cast<std::size_t>(pick(0, static_cast<int>(alert_ids.size()) - 1))];
        if (chance(50)) a.until = now_ + Millis{pick(-10, 300) * 1'000};
        return a;
      }
      case 10: {
        proto::SilenceOrder order{chance(75) ? proto::SilenceVerb::set : proto::SilenceVerb::end,
                                  "default",
                                  "s" + std::to_string(pick(1, 3)),
                                  pattern(),
                                  {},
                                  {},
                                  "ana",
                                  word()};
        if (chance(95)) order.until = now_ + Millis{pick(-10, 900) * 1'000};
        if (chance(30)) order.from = now_ + Millis{pick(-10, 300) * 1'000};
        return order;
      }
      case 11:
        return proto::ServiceCondition{chance(50) ? "disk-low" : "series-limit", chance(60), "why"};
      case 12:
        return model_change();
      default:
        return proto::SeriesUnit{proto::SeriesId{static_cast<std::uint32_t>(pick(1, static_cast<int>(series_)))},
                                 word()};
    }
  }

  std::mt19937_64 random_;
  Timestamp now_ = from_ms(1'763'700'000'000);
  std::uint32_t series_ = 0;
  std::set<std::uint32_t> removed_;
};

}  // namespace telltale::test
