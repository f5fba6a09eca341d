#include <algorithm>
#include <array>
#include <bit>

#include "store/chunk_bits.hpp"
#include "store/chunk_doubles.hpp"

namespace telltale::store {

using proto::ByteReader;
using proto::ByteWriter;

// A block: u8 width, u8 trailing zeros (unless the width is 0 or 64), packed.

void put_xor(const double* values, std::size_t n, std::string& out) {
  ByteWriter writer(out);
  writer.f64(values[0]);
  for (std::size_t at = 1; at < n; at += block_values) {
    const auto count = std::min(block_values, n - at);
    std::array<std::uint64_t, block_values> change;
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < count; ++i) {
      change[i] = std::bit_cast<std::uint64_t>(values[at + i]) ^ std::bit_cast<std::uint64_t>(values[at + i - 1]);
      any |= change[i];
    }
    const int zeros = any == 0 ? 0 : std::countr_zero(any);
    auto width = Width::of(any >> zeros);
    writer.u8(width.code());
    if (width.bits() != 0 && width.bits() != 64) {
      writer.u8(static_cast<std::uint8_t>(zeros));
      for (std::size_t i = 0; i < count; ++i) change[i] >>= zeros;
    }
    pack(change.data(), count, width, out);
  }
}

bool take_xor(ByteReader& in, std::size_t n, double* out) {
  out[0] = in.f64();
  auto value = std::bit_cast<std::uint64_t>(out[0]);
  for (std::size_t at = 1; at < n; at += block_values) {
    const auto count = std::min(block_values, n - at);
    const auto width = Width::from_code(in.u8());
    if (!in.ok() || !width) return false;
    const unsigned zeros = width->bits() == 0 || width->bits() == 64 ? 0 : in.u8();
    std::array<std::uint64_t, block_values> change;
    if (!in.ok() || zeros + width->bits() > 64 || !unpack(in, count, *width, change.data())) return false;
    for (std::size_t i = 0; i < count; ++i) {
      value ^= change[i] << zeros;
      out[at + i] = std::bit_cast<double>(value);
    }
  }
  return in.ok();
}

}  // namespace telltale::store
