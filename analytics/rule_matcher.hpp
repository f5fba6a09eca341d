#pragma once

#include <cstdint>
#include <vector>

#include "analytics/fleet.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// Indexes into rules.rules, ascending, of the rules that watch this series. Of two rules with one name the first
/// counts. Cost: patterns are compared with the names once per series and change, never per reading.
[[nodiscard]] std::vector<std::uint32_t> matching_rules(const proto::RuleSet& rules, const Fleet& fleet,
                                                        std::uint32_t series);

/// The heartbeat that the configuration gives a device (first match), in seconds; 0 = none.
[[nodiscard]] std::int64_t configured_heartbeat(const proto::RuleSet& rules, const Fleet& fleet, std::uint32_t device);

/// For each old rule the index of the new rule of the same name that may continue its state (same check, same
/// persistence), or -1.
[[nodiscard]] std::vector<std::int64_t> continued_rules(const proto::RuleSet& before, const proto::RuleSet& after);

}  // namespace telltale::analytics
