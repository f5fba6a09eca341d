#pragma once

#include <string_view>

#include "proto/clock.hpp"

namespace telltale::devices {

/// "1/s", "10/s", "6/min", "0.5/s", "1/10s": readings per time, as the time between two. Throws proto::ConfigError.
[[nodiscard]] Millis parse_rate(std::string_view text);
/// "500ms", "10s", "2m", "1h". Throws proto::ConfigError.
[[nodiscard]] Millis parse_duration(std::string_view text);

}  // namespace telltale::devices
