#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/alert.hpp"
#include "proto/event.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

/// Which transitions are asked for; what is absent is not asked. Newest first.
struct TransitionQuery {
  std::string tenant{"default"};
  std::optional<std::string> id, site, device, rule;
  std::optional<AlertState> state;
  std::optional<Severity> severity;
  std::optional<Timestamp> from, to;           // log time, [from, to)
  std::size_t limit = 100;                     // at most 10,000
  std::optional<std::uint64_t> before_number;  // older than this one: how the next page is asked for
  bool newest_of_each = false;                 // only the last transition of every alert
};

struct RecordedTransition {
  std::uint64_t number = 0;  // grows with each transition that is recorded
  AlertTransition said;
};

/// Why an order was not carried out; `text` is for people, as on control-reply/….
struct DeskRefusal {
  OrderRefusal why = OrderRefusal::unknown;
  std::string text;
};

/// What people do with alerts, whichever way they come: orders become events of the log like those from MQTT, and are
/// answered when the log's one reader has followed them. Reads see what is durable.
/// Threads: any. Errors: an order that is not answered in time is `unavailable`, and may still be followed.
/// Cost: an order is a commit of the log and of state.db; reads are one query of state.db.
class AlertDesk {
 public:
  virtual ~AlertDesk() = default;

  /// The text says what the alert is now: "acknowledged", "silenced", "already acknowledged".
  virtual Result<std::string, DeskRefusal> order(OperatorAction action) = 0;
  /// Sets or ends a silence: "active", "waiting", "ended".
  virtual Result<std::string, DeskRefusal> order(SilenceOrder order) = 0;

  /// The newest transition of every alert of the tenant that is not over, oldest alert first.
  [[nodiscard]] virtual std::vector<RecordedTransition> active_alerts(const std::string& tenant) const = 0;
  [[nodiscard]] virtual std::vector<RecordedTransition> transitions(const TransitionQuery& query) const = 0;
  /// Silences that wait or are active, and maintenance windows that are active.
  [[nodiscard]] virtual std::vector<SilenceState> silences(const std::string& tenant) const = 0;
};

}  // namespace telltale::proto
