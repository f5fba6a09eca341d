#pragma once

#include <string>
#include <string_view>

#include "proto/clock.hpp"

namespace telltale::notify {

/// "t={unix seconds},v1={hex HMAC-SHA256 of t + "." + body}": the receiver recomputes it with the shared secret, and
/// refuses what is too old.
[[nodiscard]] std::string sign(std::string_view body, std::string_view secret, Timestamp at);

}  // namespace telltale::notify
