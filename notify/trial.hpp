#pragma once

#include <string>

#include "notify/channel.hpp"
#include "notify/transfer.hpp"
#include "proto/clock.hpp"

namespace telltale::notify {

/// Sends one test message to the channel's receiver and waits for what becomes of it, once, without retries.
/// Nothing is noted down: a running service does not hear of it.
[[nodiscard]] Outcome try_channel(const Channel& channel, const NotifyOptions& options, Transfer& transfer,
                                  const Clock& clock);

}  // namespace telltale::notify
