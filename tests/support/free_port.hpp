#pragma once

#include <cstdint>

namespace telltale::test {

/// A TCP port of 127.0.0.1 on which nobody listens at this moment. Throws std::system_error.
[[nodiscard]] std::uint16_t free_port();

/// True when somebody accepts connections on 127.0.0.1:port.
[[nodiscard]] bool accepts_connections(std::uint16_t port);

}  // namespace telltale::test
