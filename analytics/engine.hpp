#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/judged.hpp"
#include "proto/alert.hpp"
#include "proto/batch.hpp"
#include "proto/expected_hours.hpp"
#include "proto/learned_model.hpp"

namespace telltale::analytics {

/// Everything that is computed from the log: presence, rules, alerts, windows.
/// A deterministic function of the batches given to it, in order, and of nothing else: no clock, no I/O, no
/// randomness. The same batches give the same findings, whether in one run or with encode/decode in between.
/// Threads: one. Cost: O(1) a reading; nothing per device or series while nothing happens (timer wheel).
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// A device or series that existed before the log begins (cold start only; later ones come as events).
  void seed(const proto::NewDevice& device);
  void seed(const proto::NewSeries& series);
  void seed(const proto::DeviceTags& tags);

  /// Deadlines due at batch.log_time run before its events and carry the deadline as their time.
  void process(const proto::Batch& batch, std::vector<proto::Finding>& findings);

  /// Of the last batch.
  [[nodiscard]] Timestamp log_time() const;

  /// What rules that learn know of their series (telltale model).
  [[nodiscard]] std::vector<proto::LearnedModel> learned() const;
  /// Why a ModelChange with this would change nothing: a sentence, or "".
  [[nodiscard]] std::string problem_with(const proto::LearnedModel& model) const;

  /// What each rule of type `unusual` that watches the series expects of it by the hour of the site's day, with the
  /// limit of that rule, in the order of the rules. Empty: none watches it. Cost: O(1) in the number of series.
  [[nodiscard]] std::vector<proto::ExpectedHours> expected(proto::SeriesId series) const;

  /// Shows every judgement of a rule about a reading from here on. Changes nothing.
  void show_judgements(OnJudged on_judged);

  /// From here on `missing` is told although its device is offline: where presence is not the question (backtest).
  void judge_rules_alone();

  /// Log time at which something will happen even if nothing arrives; the writer then logs an empty batch.
  [[nodiscard]] std::optional<Timestamp> next_deadline() const;

  [[nodiscard]] const proto::RuleSet& rules() const;

  struct Census {
    std::size_t devices[5] = {};  // by proto::Presence
    std::size_t series = 0;
    std::size_t alerts[3] = {};       // active, by severity; hidden members of grouped and site alerts are not counted
    std::uint64_t late_readings = 0;  // came after one of their windows had closed
  };
  [[nodiscard]] Census census() const;

  /// The whole state as one value (versioned). decode: any bytes are safe; nullopt when they are not a state.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<Engine> decode(std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::analytics
