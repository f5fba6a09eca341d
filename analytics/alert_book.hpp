#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analytics/distinct_starts.hpp"
#include "analytics/workspace.hpp"
#include "proto/alert.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Names one alert of the book; 0 is none. A handle of a forgotten alert stays invalid.
using AlertHandle = std::uint64_t;

/// A hidden alert lives on without transitions: a grouped or site alert speaks for it.
enum class Showing : std::uint8_t { shown, hidden };

/// What a clearing reading adds to the last transition.
struct Clearing {
  std::optional<double> value;
  std::string summary;
};

/// The one alert state machine of all rules: (pending) -> open -> clearing -> forgotten. `pending` is the rule's own
/// persistence, `clearing` is the cooldown after an alert was resolved; neither is seen outside. A raise during the
/// cooldown continues the same alert as `flapping`: shown once, then silent until it stayed clear for one cooldown.
/// Silences end by deadline. Transitions are said to the workspace; n counts them from 1, and no id comes twice.
/// Threads: one. Cost: O(1) a call; an alert costs memory until it is forgotten.
class AlertBook {
 public:
  explicit AlertBook(Workspace& ws) : ws_(ws) {}

  /// `draft` gives identity, severity, started, count, value, threshold, summary, runbook; the rest is set here.
  AlertHandle raise(proto::AlertTransition draft, Millis cooldown, Showing showing);
  /// Raised again during its cooldown. Precondition: clearing(handle).
  void raise_again(AlertHandle handle, std::uint32_t violations, const Clearing& reading);
  /// One more violating reading of an open alert; says nothing.
  void renew(AlertHandle handle, std::optional<double> value = std::nullopt);
  void clear(AlertHandle handle, const Clearing& reading);
  /// Its rule is gone. Forgotten at once.
  void remove(AlertHandle handle, std::string_view why);
  void hide(AlertHandle handle, std::string_view why);
  void show(AlertHandle handle);
  void set_severity(AlertHandle handle, proto::Severity severity);

  [[nodiscard]] bool knows(AlertHandle handle) const { return find(handle) != nullptr; }
  [[nodiscard]] bool open(AlertHandle handle) const;
  [[nodiscard]] bool clearing(AlertHandle handle) const;
  [[nodiscard]] bool hidden(AlertHandle handle) const;
  [[nodiscard]] bool flapping(AlertHandle handle) const;
  [[nodiscard]] proto::Severity severity(AlertHandle handle) const;
  [[nodiscard]] std::string id(AlertHandle handle) const;

  /// Acknowledge or silence; always answered by one ControlReply.
  void apply(const proto::OperatorAction& action);

  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer) const;

  void count(std::size_t (&by_severity)[3]) const;

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  static constexpr std::size_t remembered_ids = 1024;
  enum class Phase : std::uint8_t { open, clearing };
  struct Alert {
    proto::AlertTransition said;  // the last transition; n = 0 while it never showed
    std::uint64_t hash = 0;
    std::uint32_t generation = 0;
    Phase phase = Phase::open;
    bool flapping = false;
    bool hidden = false;
    Millis cooldown{0};
    Instant due = never;  // end of silence or of cooldown
  };

  [[nodiscard]] Alert* find(AlertHandle handle);
  [[nodiscard]] const Alert* find(AlertHandle handle) const;
  [[nodiscard]] AlertHandle insert(std::unique_ptr<Alert> alert);
  void say(Alert& alert, proto::AlertState state);
  void wait(AlertHandle handle, Alert& alert, Instant until);
  void forget(AlertHandle handle);
  [[nodiscard]] std::string act(const proto::OperatorAction& action, bool& ok);

  Workspace& ws_;
  std::vector<std::unique_ptr<Alert>> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t opened_ = 0;
  std::unordered_map<std::uint64_t, AlertHandle> by_id_;
  std::vector<std::uint64_t> resolved_;  // the last ids that were resolved, a ring, for answers to operators
  std::size_t resolved_next_ = 0;
  DistinctStarts starts_;
};

}  // namespace telltale::analytics
