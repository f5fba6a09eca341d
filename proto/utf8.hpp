#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telltale::proto {

/// Position of the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates), or npos.
/// Cost: eight bytes at a time through ASCII.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view text) noexcept;

/// The start of a foreign text, for a sentence people read: whole characters, at most `bytes`, up to the first byte
/// that is not UTF-8, control characters as '?'.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t bytes = 48);

}  // namespace telltale::proto
