#pragma once

#include <cstddef>
#include <string_view>

namespace telltale::proto {

/// Position of the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates), or npos.
/// Cost: eight bytes at a time through ASCII.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view text) noexcept;

}  // namespace telltale::proto
