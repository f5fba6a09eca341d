#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale::proto {

/// Why an MQTT topic filter may not be used in SUBSCRIBE (MQTT 5, 4.7), or nothing when it may.
/// A shared subscription `$share/{group}/{filter}` is checked in both parts.
[[nodiscard]] std::optional<std::string> topic_filter_fault(std::string_view filter);

/// Whether a topic name matches a valid filter (MQTT 5, 4.7): `a/#` matches `a`, and a wildcard in the first level
/// does not match `$…`. Cost: one pass, no allocation.
[[nodiscard]] bool filter_matches(std::string_view filter, std::string_view topic) noexcept;

/// The filter to subscribe to for a mapping's topic template: `tele/{device}/SENSOR` -> `tele/+/SENSOR`,
/// `{rest...}` -> `#`. In multi-tenant installs the caller puts `+/` before it. Throws ConfigError for a bad template.
[[nodiscard]] std::string topic_filter_of(std::string_view topic_template);

}  // namespace telltale::proto
