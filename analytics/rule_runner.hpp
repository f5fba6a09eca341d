#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analytics/alert_book.hpp"
#include "analytics/check.hpp"
#include "analytics/device_voice.hpp"
#include "analytics/persistence.hpp"
#include "analytics/series_groups.hpp"
#include "analytics/site_zones.hpp"
#include "analytics/wording.hpp"
#include "analytics/workspace.hpp"
#include "proto/expected_hours.hpp"
#include "proto/learned_model.hpp"

namespace telltale::analytics {

/// Runs the rules over readings: one state per series and matching rule, whatever the rule's type.
/// Only readings that may fire come here (newer than the series' newest, not history); the caller sees to it.
/// Cost: judge() is O(rules that match the series), without allocation or lookup unless an alert changes.
class RuleRunner {
 public:
  RuleRunner(Workspace& ws, AlertBook& book, SeriesGroups& groups)
      : ws_(ws), book_(book), groups_(groups), zones_(ws) {}

  void series_added(std::uint32_t series);
  /// Tags of the device changed: its series are matched again.
  void rematch_device(std::uint32_t device);
  /// Ends all alerts of the device's series as removed. To be called while the fleet still knows them.
  void device_removed(std::uint32_t device, std::string_view why);
  /// ws.rules has been replaced; `before` are the rules until now. Rules that are gone or check something else
  /// resolve their alerts as removed; a new severity moves the alert.
  void rules_changed(const proto::RuleSet& before);

  void judge(std::uint32_t series, const Sample& sample);

  /// `for` has passed without a further reading. `fresh`: the series is not stale.
  void on_deadline(const Timer& timer, const Sample& last, bool fresh);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer) const;

  /// No reading came for a rule's `missing`. `last`: the series' last reading. Nothing is told while the device's own
  /// alert speaks; once the device is back, the rule waits for its span again.
  void on_missing(const Timer& timer, const Sample& last, DeviceVoice voice);
  /// An alert about the whole device is about to be told: alerts about missing data of its series give way to it.
  void device_offline(std::uint32_t device, DeviceVoice voice);
  /// `before`: what spoke until now.
  void device_back(std::uint32_t device, DeviceVoice before);
  [[nodiscard]] std::optional<Instant> missing_due(const Timer& timer, Instant listening_since) const;

  /// As Engine::expected.
  [[nodiscard]] std::vector<proto::ExpectedHours> expected(std::uint32_t series) const;

  /// What learning rules know of their series, by series.
  void each_learned(const std::function<void(const proto::LearnedModel&)>& say) const;
  /// Why a model cannot be taken here: a sentence, or "".
  [[nodiscard]] std::string problem_with(const proto::LearnedModel& model) const;
  /// Takes its place; an alert that is open stays. Nothing when there is a problem with it.
  void learn(const proto::LearnedModel& model);

  void encode(proto::ByteWriter& out) const;
  /// `version` of the engine's state.
  [[nodiscard]] bool decode(proto::ByteReader& in, unsigned version);

 private:
  struct Cell {
    std::uint32_t rule = 0;
    bool firing = false;
    AlertHandle alert = 0;  // open, or clearing while not firing
    Instant due = never;    // of `for`, while pending; of `missing`, while not firing
    Persistence persistence;
    CheckMemory memory;
  };
  void fire(std::uint32_t series, Cell& cell, double x, const Judgement& judgement);
  void expect(std::uint32_t series, Cell& cell, Millis within);
  template <class Work>
  void each_missing(std::uint32_t device, Work&& work);
  [[nodiscard]] proto::AlertTransition draft(std::uint32_t series, const proto::Rule& rule) const;
  [[nodiscard]] bool gives_way(std::uint32_t series, const Cell& cell, DeviceVoice voice) const;
  void settle_cell(std::uint32_t series, Cell& cell, const Sample& sample, const Judgement& judgement);
  void rematch(std::uint32_t series, const std::vector<std::int64_t>& continued);
  void drop(std::uint32_t series, const Cell& cell);
  [[nodiscard]] Wording wording(std::uint32_t series, double x, const Judgement& judgement) const;
  [[nodiscard]] std::string sentence(const proto::Rule& rule, const Judgement& judgement, const Wording& words) const;
  [[nodiscard]] const Cell* find(const Timer& timer) const;
  [[nodiscard]] std::uint32_t series_of(const proto::LearnedModel& model) const;
  [[nodiscard]] const Cell* find(std::uint32_t series, const std::string& rule) const;

  Workspace& ws_;
  AlertBook& book_;
  SeriesGroups& groups_;
  SiteZones zones_;
  std::vector<std::vector<Cell>> cells_ = std::vector<std::vector<Cell>>(1);  // by series id, then ascending rule index
};

}  // namespace telltale::analytics
