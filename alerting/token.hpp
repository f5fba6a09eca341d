#pragma once

#include <cstdint>

namespace telltale::alerting {

/// What a publisher's token stands for; the rest of its bits number the messages of that kind.
enum class TokenKind : std::uint8_t { event, topic, best_effort };
[[nodiscard]] constexpr std::uint64_t make_token(TokenKind kind, std::uint64_t number) noexcept {
  return static_cast<std::uint64_t>(kind) << 56 | number;
}
[[nodiscard]] constexpr TokenKind kind_of(std::uint64_t token) noexcept { return static_cast<TokenKind>(token >> 56); }
[[nodiscard]] constexpr std::uint64_t number_of(std::uint64_t token) noexcept { return token & ((1ull << 56) - 1); }

}  // namespace telltale::alerting
