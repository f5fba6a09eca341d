#pragma once

#include <cstdint>
#include <string_view>

namespace telltale::store {

/// CRC-32C (Castagnoli, RFC 3720 B.4), by the processor's instruction where there is one.
/// `seed` continues an earlier sum: crc32c(b, crc32c(a)) == crc32c(a + b).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0) noexcept;

/// The same without the instruction.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed = 0) noexcept;

}  // namespace telltale::store
