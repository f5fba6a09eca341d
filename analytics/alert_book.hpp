#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analytics/distinct_starts.hpp"
#include "analytics/silences.hpp"
#include "analytics/workspace.hpp"
#include "proto/alert.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Names one alert of the book; 0 is none. A handle of a forgotten alert stays invalid.
using AlertHandle = std::uint64_t;

/// A hidden alert lives on without transitions: a grouped or site alert speaks for it.
enum class Showing : std::uint8_t { shown, hidden };

/// Whose alert it is, as far as another one may speak for it; 0 is none. Known again after decode, so no part of the
/// state.
struct AlertOrigin {
  std::uint32_t series = 0;
  std::uint32_t device = 0;  // of its `offline`
};

/// An alert whose silence is over and that fires.
struct Returning {
  AlertHandle handle = 0;
  AlertOrigin origin;
};

/// What a clearing reading adds to the last transition.
struct Clearing {
  std::optional<double> value;
  std::string summary;
};

/// The one alert state machine of all rules: (pending) -> open -> clearing -> forgotten. `pending` is the rule's own
/// persistence, `clearing` is the cooldown after an alert was resolved; neither is seen outside. A raise during the
/// cooldown continues the same alert as `flapping`: shown once, then silent until it stayed clear for one cooldown.
/// An open alert shows as, in this order: silenced by its id; acknowledged; silenced by a matcher; firing or flapping.
/// It says so when that changes, so that who is silenced while firing and recovers says `resolved` and nothing more.
/// An acknowledgement ends with the alert, or when its severity rises; a silence by id with its time, or with the
/// alert. Transitions are said to the workspace; n counts them from 1, and no id comes twice. Threads: one. Cost: O(1)
/// a call but for look_again(); an alert costs memory until it is forgotten.
class AlertBook {
 public:
  /// `before_return` sees all alerts that are about to fire again because a silence ended, and hides those for which
  /// another alert speaks from now on.
  using BeforeReturn = std::function<void(const std::vector<Returning>&)>;
  AlertBook(Workspace& ws, const Silences& silences, BeforeReturn before_return)
      : ws_(ws), silences_(silences), before_return_(std::move(before_return)) {}

  /// `draft` gives identity, severity, started, count, value, threshold, summary, runbook; the rest is set here.
  AlertHandle raise(proto::AlertTransition draft, Millis cooldown, Showing showing,
                    std::vector<proto::Escalation> escalation = {});
  /// Raised again during its cooldown. Precondition: clearing(handle).
  void raise_again(AlertHandle handle, std::uint32_t violations, const Clearing& reading);
  /// One more violating reading of an open alert; says nothing.
  void renew(AlertHandle handle, std::optional<double> value = std::nullopt);
  void clear(AlertHandle handle, const Clearing& reading);
  /// Its rule is gone. Forgotten at once.
  void remove(AlertHandle handle, std::string_view why);
  void hide(AlertHandle handle, std::string_view why);
  void show(AlertHandle handle);
  /// `speaker` speaks for the hidden alert `member`: its severity follows when the member's rises.
  void set_speaker(AlertHandle member, AlertHandle speaker);
  void set_origin(AlertHandle handle, AlertOrigin origin);
  /// What its rule says now. An escalation that was reached already stays reached as far as the new steps go.
  void set_severity(AlertHandle handle, proto::Severity severity, std::vector<proto::Escalation> escalation = {});

  [[nodiscard]] bool knows(AlertHandle handle) const { return find(handle) != nullptr; }
  [[nodiscard]] bool open(AlertHandle handle) const;
  [[nodiscard]] bool clearing(AlertHandle handle) const;
  [[nodiscard]] bool hidden(AlertHandle handle) const;
  [[nodiscard]] bool flapping(AlertHandle handle) const;
  [[nodiscard]] proto::Severity severity(AlertHandle handle) const;
  [[nodiscard]] AlertHandle speaker(AlertHandle handle) const;
  [[nodiscard]] std::string id(AlertHandle handle) const;
  /// An alert like this would show as silenced by a matcher.
  [[nodiscard]] bool silenced(const proto::AlertTransition& draft) const { return silences_.match(draft).has_value(); }

  /// Acknowledge or silence one alert; always answered by one ControlReply.
  void apply(const proto::OperatorAction& action);
  /// Silences began or ended. Cost: O(alerts).
  void look_again();

  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer);

  void count(std::size_t (&by_severity)[3]) const;

  void encode(proto::ByteWriter& out) const;
  /// `version` of the engine's state; up to 6 an alert had one deadline and no marks.
  [[nodiscard]] bool decode(proto::ByteReader& in, unsigned version);

 private:
  static constexpr std::size_t remembered_ids = 1024;
  enum class Phase : std::uint8_t { open, clearing };
  /// What somebody ordered for this alert by its id.
  struct Mark {
    std::string by, comment;
    Instant until = never;  // of a silence; never: until resolved
  };
  struct Alert {
    proto::AlertTransition said;  // the last transition; n = 0 while it never showed
    std::uint64_t hash = 0;
    std::uint32_t generation = 0;
    Phase phase = Phase::open;
    bool flapping = false;
    bool hidden = false;
    proto::AlertState plain = proto::AlertState::firing;  // firing or flapping: how it shows without marks and silences
    std::optional<Mark> acknowledged, silenced;
    Millis cooldown{0};
    Instant cooled = never;  // end of the cooldown, while clearing
    Instant raised{};
    proto::Severity base = proto::Severity::warning;  // without escalation
    std::vector<proto::Escalation> escalation;
    AlertHandle speaker = 0;
    AlertOrigin origin;
    Instant armed = never;  // the timer that counts; others are dropped when met
  };
  struct Standing {
    proto::AlertState state;
    std::string by, comment;
  };

  [[nodiscard]] Alert* find(AlertHandle handle);
  [[nodiscard]] const Alert* find(AlertHandle handle) const;
  [[nodiscard]] AlertHandle insert(std::unique_ptr<Alert> alert);
  [[nodiscard]] Standing standing(const Alert& alert) const;
  void say(Alert& alert, Standing standing, proto::AlertReason reason);
  void say_over(Alert& alert, proto::AlertState state, proto::AlertReason reason);
  /// Says how an open alert stands, if that is not what was said last. True, and nothing said: it fires again.
  [[nodiscard]] bool look(Alert& alert);
  void bring_back(const std::vector<Returning>& returning);
  [[nodiscard]] AlertHandle handle_of(std::size_t slot) const;
  void move(Alert& alert, proto::Severity severity, proto::AlertReason reason);
  [[nodiscard]] proto::Severity escalated(const Alert& alert) const;
  [[nodiscard]] Instant deadline(const Alert& alert) const;
  void arm(AlertHandle handle, Alert& alert);
  void forget(AlertHandle handle);
  [[nodiscard]] std::string act(const proto::OperatorAction& action, proto::OrderRefusal& refusal);
  [[nodiscard]] std::string mark(AlertHandle handle, Alert& alert, const proto::OperatorAction& action, Instant until);
  static void put_marks(const Alert& alert, proto::ByteWriter& out);
  [[nodiscard]] bool get_marks(proto::ByteReader& in, Alert& alert);
  void old_marks(AlertHandle handle, Alert& alert, Instant due);

  Workspace& ws_;
  const Silences& silences_;
  BeforeReturn before_return_;
  std::vector<std::unique_ptr<Alert>> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t opened_ = 0;
  std::unordered_map<std::uint64_t, AlertHandle> by_id_;
  std::vector<std::uint64_t> resolved_;  // the last ids that were resolved, a ring, for answers to operators
  std::size_t resolved_next_ = 0;
  DistinctStarts starts_;
};

}  // namespace telltale::analytics
