#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"
#include "proto/maintenance.hpp"
#include "proto/zone_offsets.hpp"

namespace telltale::proto {

enum class Severity : std::uint8_t { info, warning, critical };
[[nodiscard]] constexpr std::string_view to_string(Severity s) noexcept {
  constexpr std::string_view names[] = {"info", "warning", "critical"};
  return names[static_cast<std::uint8_t>(s)];
}

/// value > above, or value < below; clears at or past `clear` (default: the limit itself).
struct ThresholdCheck {
  std::optional<double> above;
  std::optional<double> below;
  std::optional<double> clear;
  friend bool operator==(const ThresholdCheck&, const ThresholdCheck&) = default;
};

/// |x - m| / max(s, floor) > limit, m and s exponentially weighted over `span` readings (alpha = 2 / (span + 1)).
struct ZScoreCheck {
  double limit = 4.0;
  std::optional<double> clear;  // default: the limit
  std::uint32_t span = 500;     // readings
  double floor = 0.0;           // least spread, in the metric's unit
  std::uint32_t warmup = 30;    // readings before the first verdict
  friend bool operator==(const ZScoreCheck&, const ZScoreCheck&) = default;
};

/// Unusual for this series at this hour of the day, by its own usual peaks (design 5). Both limits are on that scale.
struct UnusualCheck {
  double limit = 4.0;
  double clear = 1.5;
  friend bool operator==(const UnusualCheck&, const UnusualCheck&) = default;
};

enum class RateDirection : std::uint8_t { both, up, down };

/// Faster than `limit` in the metric's unit per `per`, measured over at least `over` (0: between two readings).
struct RateCheck {
  double limit = 1.0;
  std::optional<double> clear;  // default: the limit
  Millis per{60'000};
  Millis over{0};
  RateDirection direction = RateDirection::both;
  friend bool operator==(const RateCheck&, const RateCheck&) = default;
};

/// Readings come, but for `span` none was further than `tolerance` from the first of them.
struct FlatlineCheck {
  Millis span{1'800'000};
  double tolerance = 0.0;  // in the metric's unit
  friend bool operator==(const FlatlineCheck&, const FlatlineCheck&) = default;
};

/// No live reading for `span` while we were listening.
struct MissingCheck {
  Millis span{600'000};
  friend bool operator==(const MissingCheck&, const MissingCheck&) = default;
};

/// |x - m| / max(s, floor) > limit, m and s of the first `learn` readings and never changed again.
struct FrozenCheck {
  double limit = 4.0;
  std::optional<double> clear;  // default: the limit
  std::uint32_t learn = 1000;   // readings
  double floor = 0.0;           // least spread, in the metric's unit
  friend bool operator==(const FrozenCheck&, const FrozenCheck&) = default;
};

using Check =
    std::variant<ThresholdCheck, ZScoreCheck, UnusualCheck, RateCheck, FlatlineCheck, MissingCheck, FrozenCheck>;

/// `for`: how long, or how often of the last M readings, before a rule fires. Neither: at the first reading.
struct NofM {
  std::uint32_t n;
  std::uint32_t m;
  friend bool operator==(const NofM&, const NofM&) = default;
};
using Persistence = std::variant<std::monostate, Millis, NofM>;

/// An alert that is still open `after` it was raised has this severity.
struct Escalation {
  Millis after{0};
  Severity severity = Severity::critical;
  friend bool operator==(const Escalation&, const Escalation&) = default;
};

/// One rule as a person wrote it. Patterns take `*` for any run of characters.
struct Rule {
  std::string name;
  std::string tenant = "*", site = "*", device = "*", metric = "*";
  std::vector<std::pair<std::string, std::string>> tags;  // all must match
  std::vector<std::string> except;  // patterns of series left out: metric, device/metric or site/device/metric
  Check check;
  Persistence persistence;
  Millis cooldown{0};
  Severity severity = Severity::warning;
  std::vector<Escalation> escalate;  // ascending in time and severity
  std::string message;  // template: {metric} {value} {unit} {threshold} {device} {site}; "" = the default sentence
  std::string runbook;
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// A heartbeat set in the configuration for devices that match.
struct HeartbeatSetting {
  std::string tenant = "*", site = "*", device = "*";
  std::int64_t heartbeat_s = 60;
  friend bool operator==(const HeartbeatSetting&, const HeartbeatSetting&) = default;
};

/// The local time of sites that match: hours of the day are theirs, not UTC's.
struct SiteZone {
  std::string tenant = "*", site = "*";
  ZoneOffsets zone;
  friend bool operator==(const SiteZone&, const SiteZone&) = default;
};

/// Everything analytics is told by the configuration. Part of the log, so that a replay runs under the rules of its
/// time.
struct RuleSet {
  std::vector<Rule> rules;
  std::vector<HeartbeatSetting> heartbeats;
  std::int64_t default_heartbeat_s = 60;
  Millis live_max_age{120'000};  // plus the device's heartbeat: older readings are history (contracts 3)
  Millis allowed_lateness{30'000};
  std::vector<Millis> windows{Millis{60'000}};         // aggregates/… windows
  std::vector<Millis> rollup_windows{Millis{60'000}};  // rollup/… windows
  Severity offline_severity = Severity::warning;
  Severity site_silent_severity = Severity::critical;
  std::vector<MaintenanceWindow> maintenance;
  std::vector<SiteZone> zones;  // the first match counts; no match: UTC
  friend bool operator==(const RuleSet&, const RuleSet&) = default;
};

void encode(const RuleSet& rules, ByteWriter& out);
/// Any bytes are safe; false when they are not a rule set.
[[nodiscard]] bool decode(ByteReader& in, RuleSet& rules);

/// Shell-like match with `*` only. Linear in text for patterns with one star; never exponential.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace telltale::proto
