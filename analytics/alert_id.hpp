#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/alert.hpp"

namespace telltale::analytics {

/// FNV-1a over (rule, tenant, site, device, metric).
[[nodiscard]] std::uint64_t alert_identity(const proto::AlertTransition& alert);
/// Goes on with the start; finished with splitmix64 so that near starts differ widely.
[[nodiscard]] std::uint64_t alert_hash(std::uint64_t identity, Timestamp start);
/// "a-9c1f0a77be02d641"
[[nodiscard]] std::string alert_id(std::uint64_t hash);
[[nodiscard]] std::optional<std::uint64_t> parse_alert_id(std::string_view id);

/// FNV-1a, for short tokens whose text need not be kept. Never 0.
[[nodiscard]] std::uint64_t token_hash(std::string_view text);

}  // namespace telltale::analytics
