#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/bytes.hpp"

namespace telltale::store {

/// Columns are packed in blocks of at most this many values; each block has its own width.
inline constexpr std::size_t block_values = 128;

/// The bits a block gives to each of its values. Above 56 it is 64, so that a value always lies within one
/// unaligned 64-bit word; one byte less 2 flag bits can say it.
class Width {
 public:
  /// The least that holds `greatest`.
  [[nodiscard]] static Width of(std::uint64_t greatest) noexcept {
    const auto bits = static_cast<unsigned>(std::bit_width(greatest));
    return Width(bits > widest_in_word ? 64 : bits);
  }
  [[nodiscard]] static std::optional<Width> from_code(unsigned code) noexcept {
    if (code == code_of_64) return Width(64);
    if (code > widest_in_word) return std::nullopt;
    return Width(code);
  }
  [[nodiscard]] std::uint8_t code() const noexcept {
    return static_cast<std::uint8_t>(bits_ == 64 ? code_of_64 : bits_);
  }
  [[nodiscard]] unsigned bits() const noexcept { return bits_; }
  [[nodiscard]] std::size_t bytes(std::size_t n) const noexcept { return (n * bits_ + 7) / 8; }

 private:
  static constexpr unsigned widest_in_word = 56;
  static constexpr unsigned code_of_64 = 63;
  explicit Width(unsigned bits) noexcept : bits_(bits) {}
  unsigned bits_;
};

/// Appends n <= block_values values, each < 2^width, first value in the lowest bits.
void pack(const std::uint64_t* values, std::size_t n, Width width, std::string& out);

/// Reads what pack() wrote; false when the bytes end before.
[[nodiscard]] bool unpack(proto::ByteReader& in, std::size_t n, Width width, std::uint64_t* out);

}  // namespace telltale::store
