#pragma once

#include <string>
#include <vector>

#include "notify/channel.hpp"
#include "notify/message.hpp"

namespace telltale::notify {

/// The bytes of a message for a channel. `roots`: for mail(). `now`: for dates and ends.
[[nodiscard]] std::string compose(const Message& message, const Channel& channel, const std::string& delivery,
                                  const std::vector<std::string>& roots, Timestamp now);

}  // namespace telltale::notify
