#pragma once

#include <optional>
#include <string_view>

#include "proto/event.hpp"

namespace telltale::proto {

/// The words of contracts 4 ("online", "up", "1", "lost", "asleep" …), in any case. Nothing for any other word.
[[nodiscard]] std::optional<DeviceState> device_state(std::string_view word) noexcept;

[[nodiscard]] constexpr std::string_view to_string(DeviceState s) noexcept {
  constexpr std::string_view names[] = {"online", "offline", "sleeping"};
  return names[static_cast<std::uint8_t>(s)];
}

}  // namespace telltale::proto
