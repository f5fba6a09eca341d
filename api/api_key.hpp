#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale::api {

/// A key as a client shows it: tt_{id}_{secret}, both in hex. The id is no secret.
struct ApiKey {
  std::string id;      // 12 digits
  std::string secret;  // 64 digits: 32 random bytes
};

/// From OpenSSL's random numbers. Throws std::runtime_error when there are none.
[[nodiscard]] ApiKey make_api_key();
[[nodiscard]] std::string to_text(const ApiKey& key);
[[nodiscard]] std::optional<ApiKey> parse_api_key(std::string_view text);

/// 32 bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// In a time that does not depend on where they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

/// Two digits a byte.
[[nodiscard]] std::string hex_text(std::string_view bytes);

}  // namespace telltale::api
