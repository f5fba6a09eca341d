#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/result.hpp"
#include "proto/topic_filter.hpp"

namespace telltale::proto {

// The topic grammar of contracts 1. Nothing here allocates except where a std::string is returned.

enum class TopicClass : std::uint8_t {
  telemetry,
  status,
  ack,
  control,
  cmd,
  config,
  live,
  aggregates,
  rollup,
  alerts,
  alert_state,
  presence,
  errors,
  service,
  control_reply,
};
[[nodiscard]] constexpr std::string_view to_string(TopicClass c) noexcept {
  constexpr std::string_view names[] = {"telemetry",   "status",   "ack",        "control", "cmd",
                                        "config",      "live",     "aggregates", "rollup",  "alerts",
                                        "alert-state", "presence", "errors",     "service", "control-reply"};
  return names[static_cast<std::uint8_t>(c)];
}
[[nodiscard]] std::optional<TopicClass> topic_class(std::string_view level) noexcept;
/// Classes that the service itself publishes; what arrives on them is never input.
[[nodiscard]] constexpr bool written_by_service(TopicClass c) noexcept { return c >= TopicClass::cmd; }

[[nodiscard]] bool valid_tenant(std::string_view text) noexcept;
/// What valid_site allows, for people.
inline constexpr std::string_view site_syntax = "a-z, 0-9, _ and -, beginning with a letter or digit, 24 at most";
[[nodiscard]] bool valid_site(std::string_view text) noexcept;
[[nodiscard]] bool valid_device(std::string_view text) noexcept;
[[nodiscard]] bool valid_metric(std::string_view text) noexcept;
/// The name of a silence.
[[nodiscard]] inline bool valid_name(std::string_view text) noexcept { return valid_device(text); }
[[nodiscard]] inline bool valid_rule(std::string_view text) noexcept { return valid_metric(text); }

/// The payload keys of contracts 2 that are never metrics (ts, seq, values …).
[[nodiscard]] bool reserved_key(std::string_view key) noexcept;

inline constexpr std::size_t max_native_topic_bytes = 256;
inline constexpr std::string_view default_tenant = "default";

enum class Tenancy : std::uint8_t { single, multi };

/// A topic without its tenant. `topic_class` is absent for foreign topics, which are left to mappings.
struct TopicParts {
  std::string_view tenant;
  std::string_view rest;
  std::optional<TopicClass> topic_class;
};
/// Errors: a sentence for people. Views point into `topic` (or to "default").
[[nodiscard]] Result<TopicParts, std::string> split_tenant(std::string_view topic, Tenancy tenancy);

/// A topic of ours that is input. The views point into the topic.
struct NativeTopic {
  std::string_view tenant;
  TopicClass topic_class = TopicClass::telemetry;
  std::string_view site, device;  // control of devices: device "-" = the whole site, both "-" = the whole tenant
  std::string_view name;      // telemetry: the metric or ""; ack: the command; control: the verb ("" sets a silence)
  std::string_view alert_id;  // control of an alert
  std::string_view silence = {};  // control of a silence: its name
  friend bool operator==(const NativeTopic&, const NativeTopic&) = default;
};
/// For classes that the service writes only tenant and class are filled in: nobody reads further.
/// Errors: a sentence for people. Precondition: parts.topic_class.
[[nodiscard]] Result<NativeTopic, std::string> parse_native(const TopicParts& parts);

/// The topic that parse_native reads as `topic`: telemetry, status, ack and control.
[[nodiscard]] std::string to_topic(const NativeTopic& topic, Tenancy tenancy);

}  // namespace telltale::proto
