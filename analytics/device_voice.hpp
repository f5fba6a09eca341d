#pragma once

#include <cstdint>

namespace telltale::analytics {

/// Whether an alert about a whole device (`offline`, or its site's `site-silent`) speaks for what its series miss: one
/// silence is told once. `silenced`: that alert is silenced, so it speaks only for what is silenced as well.
enum class DeviceVoice : std::uint8_t { none, silenced, told };

}  // namespace telltale::analytics
