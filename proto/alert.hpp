#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/clock.hpp"
#include "proto/rule.hpp"

namespace telltale::proto {

// What analytics says. Each is turned into topics and payloads (contracts 5) by alerting.

enum class AlertState : std::uint8_t { firing, acknowledged, silenced, flapping, resolved, removed };
[[nodiscard]] constexpr std::string_view to_string(AlertState s) noexcept {
  constexpr std::string_view names[] = {"firing", "acknowledged", "silenced", "flapping", "resolved", "removed"};
  return names[static_cast<std::uint8_t>(s)];
}

/// Why an alert changed its state.
enum class AlertReason : std::uint8_t {
  violated,        // its rule: raised
  recovered,       // its rule: clear again
  stayed_clear,    // was flapping, and clear for a whole cooldown
  violated_again,  // raised within the cooldown
  ordered,         // somebody acknowledged or silenced this alert
  silence_began,   // a silence or maintenance window that matches
  silence_ended,
  severity,      // its rule's severity is another now, or a member of the group has a higher one
  escalated,     // it lasted
  part_of,       // another alert speaks for it
  on_its_own,    // the other alert is over, this one is not
  rule_removed,  // or does not apply any more
  forgotten,     // the service lost its memory
};
[[nodiscard]] constexpr std::string_view to_string(AlertReason r) noexcept {
  constexpr std::string_view names[] = {"violated",      "recovered",     "stayed-clear", "violated-again", "ordered",
                                        "silence-began", "silence-ended", "severity",     "escalated",      "part-of",
                                        "on-its-own",    "rule-removed",  "forgotten"};
  return names[static_cast<std::uint8_t>(r)];
}

/// Transition number `n` of one alert. (id, n) is unique.
struct AlertTransition {
  std::string id;  // "a-" + 16 hex digits: hash of identity and start
  std::uint32_t n = 1;
  AlertState state = AlertState::firing;
  Severity severity = Severity::warning;
  std::string tenant, site, device;  // device "-": the whole site; site "-" and device "-": the service
  std::string rule;
  std::string metric;  // "_" when the rule has none
  Timestamp ts;        // log time of the transition (the deadline's time when a deadline caused it)
  Timestamp started;
  std::uint32_t count = 0;  // readings that violated since the start
  std::optional<double> value;
  std::optional<double> threshold;
  std::string summary;
  std::string by, comment;  // acknowledged, silenced
  std::string runbook;
  AlertReason reason = AlertReason::violated;

  [[nodiscard]] bool active() const noexcept { return state != AlertState::resolved && state != AlertState::removed; }
  friend bool operator==(const AlertTransition&, const AlertTransition&) = default;
};

/// `removed` is said once, as a device goes; nothing is removed and still there.
enum class Presence : std::uint8_t { unknown, online, stale, offline, sleeping, removed };
[[nodiscard]] constexpr std::string_view to_string(Presence p) noexcept {
  constexpr std::string_view names[] = {"unknown", "online", "stale", "offline", "sleeping", "removed"};
  return names[static_cast<std::uint8_t>(p)];
}

/// Why presence changed: the device's own message, its will, silence, data, or an operator who removed it.
enum class PresenceSource : std::uint8_t { data, birth, will, sleep, timeout, retained, removal };
[[nodiscard]] constexpr std::string_view to_string(PresenceSource s) noexcept {
  constexpr std::string_view names[] = {"data", "birth", "will", "sleep", "timeout", "retained", "removal"};
  return names[static_cast<std::uint8_t>(s)];
}

struct PresenceChange {
  std::string tenant, site, device;
  Presence state = Presence::unknown;
  PresenceSource source = PresenceSource::data;
  Timestamp ts;
  std::optional<Timestamp> last_seen;
  std::int64_t heartbeat_s = 60;
  friend bool operator==(const PresenceChange&, const PresenceChange&) = default;
};

/// One closed window of one series.
struct WindowAggregate {
  std::string tenant, site, device, metric, unit;
  Millis window{60'000};
  Timestamp start;
  std::uint64_t count = 0;
  double avg = 0, min = 0, max = 0, last = 0, stddev = 0;
  friend bool operator==(const WindowAggregate&, const WindowAggregate&) = default;
};

/// One closed window of one device, all of its numeric metrics (wide form).
struct DeviceRollup {
  struct Column {
    std::string metric;
    double avg, min, max;
    friend bool operator==(const Column&, const Column&) = default;
  };
  std::string tenant, site, device;
  Millis window{60'000};
  Timestamp start;
  std::vector<Column> columns;  // by metric name
  friend bool operator==(const DeviceRollup&, const DeviceRollup&) = default;
};

/// Why an order is not followed. unknown: there is no such alert or silence; over: the alert was resolved;
/// unavailable: nobody could tell in time.
enum class OrderRefusal : std::uint8_t { none, unknown, over, invalid, unavailable };

/// Answer to an order, for control-reply/alert/{id} or control-reply/silence/{name}.
struct ControlReply {
  std::string tenant, alert_id;
  bool ok = true;
  std::string detail;
  std::string silence = {};  // its name; then there is no alert_id
  OrderRefusal refusal = OrderRefusal::none;
  friend bool operator==(const ControlReply&, const ControlReply&) = default;
};

/// A silence or maintenance window came, changed, began, ended or went.
struct SilenceState {
  enum class Kind : std::uint8_t { silence, maintenance };
  enum class Phase : std::uint8_t { waiting, active, over };
  Kind kind = Kind::silence;
  Phase phase = Phase::waiting;
  std::string tenant, name;  // names are unique in a kind and tenant; of maintenance the tenant is the pattern's
  AlertPattern pattern;
  Timestamp from, until;
  std::string by, comment;
  friend bool operator==(const SilenceState&, const SilenceState&) = default;
};

/// Answer to a removal, for control-reply/device/{site}/{device}; names as they were asked for.
struct RemovalReply {
  std::string tenant, site, device;
  bool ok = true;
  std::string detail;
  friend bool operator==(const RemovalReply&, const RemovalReply&) = default;
};

using Finding = std::variant<AlertTransition, PresenceChange, WindowAggregate, DeviceRollup, ControlReply, SilenceState,
                             RemovalReply>;

/// "1m", "10s", "1h": the spelling of a window in topics. Windows are whole seconds, minutes, hours or days.
[[nodiscard]] std::string window_name(Millis window);

}  // namespace telltale::proto
