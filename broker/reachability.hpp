#pragma once

#include <cstdint>
#include <string>

namespace telltale::broker {

/// Why there is no connection to host:port, in plain words: an unknown name, the network's error, or, when TCP
/// connects, where else to look. For Paho, which says "Failure" to all of these.
/// Cost: blocks while the name is looked up and for up to a second while it connects; sends nothing.
[[nodiscard]] std::string why_unreachable(const std::string& host, std::uint16_t port, bool tls);

}  // namespace telltale::broker
