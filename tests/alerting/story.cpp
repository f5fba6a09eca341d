#include "tests/alerting/story.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "alerting/payload.hpp"
#include "analytics/engine.hpp"

namespace telltale::test {

namespace {

constexpr std::uint32_t devices = 4;

class Author {
 public:
  explicit Author(std::uint32_t seed) : random_(seed) {}

  Story write(std::size_t batches) {
    Story story;
    finish(opening(), story);
    while (story.batches.size() < batches) finish(next(), story);
    return story;
  }

 private:
  int upto(int last) { return std::uniform_int_distribution<int>(0, last)(random_); }

  proto::Batch opening() {
    proto::Batch batch;
    batch.log_time = now_;
    proto::RuleSet rules;
    rules.default_heartbeat_s = 10;
    proto::Rule rule;
    rule.name = "too-hot";
    rule.metric = "temperature";
    rule.check = proto::ThresholdCheck{.above = 80, .below = {}, .clear = 75};
    rule.severity = proto::Severity::critical;
    rules.rules.push_back(rule);
    rule.name = "warm";
    rule.check = proto::ThresholdCheck{.above = 70, .below = {}, .clear = {}};
    rule.persistence = Millis{5000};
    rule.severity = proto::Severity::warning;
    rules.rules.push_back(rule);
    batch.add(proto::RuleSetChange{rules});
    batch.add(proto::Link{proto::LinkState::started});
    batch.add(proto::SessionEpoch{1, false});
    batch.add(proto::Link{proto::LinkState::up});
    batch.add(proto::Link{proto::LinkState::caught_up});
    for (std::uint32_t i = 1; i <= devices; ++i) {
      batch.add(proto::NewDevice{proto::DeviceKey{i}, "default", i % 2 ? "site1" : "site2", "d" + std::to_string(i)});
      batch.add(proto::NewSeries{proto::SeriesId{i}, proto::DeviceKey{i}, "temperature", "Cel"});
    }
    return batch;
  }

  proto::Batch next() {
    now_ += Millis{upto(9) == 0 ? 20'000 + upto(60'000) : upto(3000)};
    proto::Batch batch;
    batch.log_time = now_;
    if (upto(15) == 0) return batch;  // a tick
    for (int readings = upto(6); readings > 0; --readings) {
      const auto device = 1 + static_cast<std::uint32_t>(upto(devices - 1));
      if (upto(12) == 0) status(batch, proto::DeviceKey{device});
      value_[device] += upto(20) - 10;
      value_[device] = std::min(std::max(value_[device], 60), 95);
      proto::Reading reading;
      reading.ts = now_ - Millis{upto(400)};
      reading.number = value_[device] + 0.1 * upto(9);
      reading.series = proto::SeriesId{device};
      reading.type = proto::ValueType::number;
      reading.source = proto::TsSource::device;
      batch.readings.push_back(reading);
    }
    if (!active_.empty() && upto(6) == 0) {
      batch.add(proto::OperatorAction{proto::OperatorVerb::ack, "default", *active_.begin(), "ana", "on it", {}});
    }
    return batch;
  }

  void status(proto::Batch& batch, proto::DeviceKey device) {
    proto::DeviceStatus status{
        device, upto(1) ? proto::DeviceState::online : proto::DeviceState::offline, false, {}, {}, {}};
    batch.add(status);
  }

  void finish(proto::Batch batch, Story& story) {
    batch.id = story.batches.size() + 1;
    batch.position = {1, story.batches.size() + 1};
    std::vector<proto::Finding> findings;
    engine_.process(batch, findings);
    for (const auto& finding : findings) {
      if (const auto* alert = std::get_if<proto::AlertTransition>(&finding)) {
        const auto [event, state] = alerting::render(*alert, proto::Tenancy::single);
        story.transitions.push_back({alert->id, alert->n, event.topic, event.payload});
        story.table[state.topic] = state.payload;
        if (alert->active()) {
          active_.insert(alert->id);
        } else {
          active_.erase(alert->id);
        }
      } else if (const auto* presence = std::get_if<proto::PresenceChange>(&finding)) {
        const auto message = alerting::render(*presence, proto::Tenancy::single);
        story.table[message.topic] = message.payload;
      }
    }
    story.batches.push_back(std::move(batch));
  }

  std::mt19937 random_;
  Timestamp now_ = from_ms(1'763'700'000'000);
  int value_[devices + 1] = {70, 70, 70, 70, 70};
  analytics::Engine engine_;
  std::set<std::string> active_;
};

}  // namespace

std::string first_difference(const std::vector<std::string>& got, const std::vector<std::string>& expected) {
  const auto [g, e] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  if (g == got.end() && e == expected.end()) return "";
  return "at " + std::to_string(g - got.begin()) + ": got " + (g == got.end() ? "nothing" : *g) + ", expected " +
         (e == expected.end() ? "nothing" : *e);
}

Story make_story(std::uint32_t seed, std::size_t batches) { return Author(seed).write(batches); }

}  // namespace telltale::test
