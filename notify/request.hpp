#pragma once

#include <string>

#include "notify/channel.hpp"
#include "notify/transfer.hpp"

namespace telltale::notify {

/// What goes to a channel's receiver. Signed anew for each attempt; everything else is equal on retries.
[[nodiscard]] Request make_request(const Channel& channel, const std::string& user_agent, const std::string& delivery,
                                   std::string body, Timestamp now);

}  // namespace telltale::notify
