#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analytics/engine.hpp"

namespace telltale::test {

using namespace std::chrono_literals;

inline constexpr std::int64_t story_start_ms = 1'763'700'000'000;  // a whole minute

/// A log told in sentences: each call is one batch at the story's time, given to the engine at once.
/// Devices and series get their numbers at first mention. `said` keeps all findings.
class Story {
 public:
  Story() = default;
  explicit Story(proto::RuleSet rules) { event(proto::RuleSetChange{std::move(rules)}); }

  static proto::RuleSet quiet() {
    proto::RuleSet rules;
    rules.windows.clear();
    rules.rollup_windows.clear();
    return rules;
  }

  [[nodiscard]] Timestamp now() const { return now_; }
  Story& advance(Millis by) {
    now_ += by;
    return *this;
  }
  /// Time passes with an empty batch, like the writer's ticks.
  Story& tick(Millis by) {
    now_ += by;
    return batch({});
  }
  /// Ticks exactly when the engine asks for it.
  Story& pass(Millis by) {
    const Timestamp end = now_ + by;
    while (engine.next_deadline() && *engine.next_deadline() <= end) {
      now_ = std::max(now_, *engine.next_deadline());
      batch({});
    }
    now_ = end;
    return batch({});
  }
  Story& listening() { return link(proto::LinkState::up).link(proto::LinkState::caught_up); }
  Story& link(proto::LinkState state) { return event(proto::Link{state}); }
  Story& rules(proto::RuleSet rules) { return event(proto::RuleSetChange{std::move(rules)}); }

  proto::DeviceKey device(const std::string& path) {
    const auto [found, inserted] = devices_.try_emplace(path, proto::DeviceKey{next_device_});
    if (inserted) {
      ++next_device_;
      const auto slash = path.find('/');
      event(proto::NewDevice{found->second, "default", path.substr(0, slash), path.substr(slash + 1)});
    }
    return found->second;
  }
  proto::SeriesId series(const std::string& path, const std::string& metric, const std::string& unit = "Cel") {
    const auto key = device(path);
    const auto [found, inserted] = series_.try_emplace(path + '/' + metric, proto::SeriesId{next_series_});
    if (inserted) {
      ++next_series_;
      event(proto::NewSeries{found->second, key, metric, unit});
    }
    return found->second;
  }

  [[nodiscard]] proto::Reading reading(const std::string& path, const std::string& metric, double value, Timestamp ts,
                                       proto::TsSource source = proto::TsSource::device) {
    proto::Reading r{};
    r.ts = ts;
    r.number = value;
    r.series = series(path, metric);
    r.type = proto::ValueType::number;
    r.source = source;
    return r;
  }
  Story& reads(const std::string& path, const std::string& metric, double value) {
    return reads_at(path, metric, value, now_);
  }
  Story& reads_at(const std::string& path, const std::string& metric, double value, Timestamp ts,
                  proto::TsSource source = proto::TsSource::device) {
    proto::Batch b;
    b.readings.push_back(reading(path, metric, value, ts, source));
    return batch(std::move(b));
  }
  Story& temperature(double value) { return reads("site1/esp32-7", "temperature", value); }

  Story& status(const std::string& path, proto::DeviceState state, std::string session = "",
                std::optional<std::int64_t> heartbeat_s = std::nullopt) {
    return event(proto::DeviceStatus{device(path), state, false, std::move(session), heartbeat_s, std::nullopt});
  }
  Story& birth(const std::string& path, std::string session = "",
               std::optional<std::int64_t> heartbeat_s = std::nullopt) {
    return status(path, proto::DeviceState::online, std::move(session), heartbeat_s);
  }
  Story& will(const std::string& path, std::string session = "") {
    return status(path, proto::DeviceState::offline, std::move(session));
  }
  Story& act(proto::OperatorVerb verb, const std::string& id, std::optional<Timestamp> until = std::nullopt) {
    return event(proto::OperatorAction{verb, "default", id, "ana", "on it", until});
  }

  Story& silence(const std::string& name, proto::AlertPattern pattern, Timestamp until,
                 std::optional<Timestamp> from = std::nullopt) {
    return event(
        proto::SilenceOrder{proto::SilenceVerb::set, "default", name, std::move(pattern), from, until, "ana", "works"});
  }
  Story& end_silence(const std::string& name) {
    return event(proto::SilenceOrder{proto::SilenceVerb::end, "default", name, {}, {}, {}, "ana", ""});
  }
  Story& restart() {
    engine = *analytics::Engine::decode(engine.encode());
    return *this;
  }

  Story& event(proto::Event e) {
    proto::Batch b;
    b.add(std::move(e));
    return batch(std::move(b));
  }
  Story& batch(proto::Batch b) {
    b.position.sequence = ++sequence_;
    b.log_time = now_;
    engine.process(b, said);
    if (after_batch) after_batch(b);
    return *this;
  }

  template <class Kind>
  [[nodiscard]] std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const auto& f : said)
      if (const auto* kind = std::get_if<Kind>(&f)) found.push_back(*kind);
    return found;
  }
  /// "firing too-hot esp32-7", in order.
  [[nodiscard]] std::vector<std::string> alerts() const {
    std::vector<std::string> found;
    for (const auto& a : all<proto::AlertTransition>())
      found.push_back(std::string(to_string(a.state)) + ' ' + a.rule + ' ' + a.device);
    return found;
  }
  /// "esp32-7 offline timeout", in order.
  [[nodiscard]] std::vector<std::string> presence() const {
    std::vector<std::string> found;
    for (const auto& p : all<proto::PresenceChange>())
      found.push_back(p.device + ' ' + std::string(to_string(p.state)) + ' ' + std::string(to_string(p.source)));
    return found;
  }
  [[nodiscard]] proto::AlertTransition last_alert() const { return all<proto::AlertTransition>().back(); }
  [[nodiscard]] proto::PresenceChange last_presence() const { return all<proto::PresenceChange>().back(); }
  Story& forget() {
    said.clear();
    return *this;
  }

  analytics::Engine engine;
  std::vector<proto::Finding> said;
  std::function<void(const proto::Batch&)> after_batch;

 private:
  Timestamp now_ = from_ms(story_start_ms);
  std::uint64_t sequence_ = 0;
  std::map<std::string, proto::DeviceKey> devices_;
  std::map<std::string, proto::SeriesId> series_;
  std::uint32_t next_device_ = 1;
  std::uint32_t next_series_ = 1;
};

using Strings = std::vector<std::string>;

inline proto::Rule too_hot() {
  proto::Rule rule;
  rule.name = "too-hot";
  rule.metric = "temperature";
  rule.check = proto::ThresholdCheck{80.0, std::nullopt, 75.0};
  rule.severity = proto::Severity::critical;
  return rule;
}

inline proto::RuleSet only(proto::Rule rule) {
  auto rules = Story::quiet();
  rules.rules.push_back(std::move(rule));
  return rules;
}

}  // namespace telltale::test
