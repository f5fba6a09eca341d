#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/clock.hpp"

namespace telltale::devices {

/// The id of a command (contracts 1, cmd/…); nothing when the payload is none.
[[nodiscard]] std::optional<std::string> command_id(std::string_view payload);

/// A retained configuration (contracts 1, config/…), as far as a simulated device follows it.
struct ReceivedConfig {
  std::int64_t version = 0;
  std::optional<Millis> interval, heartbeat;
};
/// Nothing when the payload is no configuration.
[[nodiscard]] std::optional<ReceivedConfig> read_config(std::string_view payload);

[[nodiscard]] std::string ack_payload(const std::string& id, bool ok, int code, std::string_view msg);

}  // namespace telltale::devices
