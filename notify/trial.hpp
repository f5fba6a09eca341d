#pragma once

#include <stop_token>
#include <string>

#include "notify/channel.hpp"
#include "notify/transfer.hpp"
#include "proto/clock.hpp"

namespace telltale::notify {

/// Sends one test message to the channel's receiver and waits for what becomes of it, once, without retries.
/// Nothing is noted down: a running service does not hear of it. Ends within a second when `stop` is asked for.
[[nodiscard]] Outcome try_channel(const Channel& channel, const NotifyOptions& options, Transfer& transfer,
                                  const Clock& clock, const std::stop_token& stop = {});

/// Scheme and host: the rest of a url may be a secret.
[[nodiscard]] std::string host_of(const std::string& url);

}  // namespace telltale::notify
