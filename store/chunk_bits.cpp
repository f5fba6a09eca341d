#include "store/chunk_bits.hpp"

#include <array>
#include <cstring>

namespace telltale::store {

namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

void store_word(char* p, std::uint64_t v) noexcept { std::memcpy(p, &v, word_bytes); }
std::uint64_t load_word(const char* p) noexcept {
  std::uint64_t v = 0;
  std::memcpy(&v, p, word_bytes);
  return v;
}

/// Reads whole words: up to 7 bytes behind the packed ones.
void unpack_words(const char* p, std::size_t n, unsigned bits, std::uint64_t* out) noexcept {
  if (bits == 64) {
    std::memcpy(out, p, n * word_bytes);
    return;
  }
  const std::uint64_t mask = (1ull << bits) - 1;
  for (std::size_t i = 0, bit = 0; i < n; ++i, bit += bits) out[i] = (load_word(p + (bit >> 3)) >> (bit & 7)) & mask;
}

}  // namespace

void pack(const std::uint64_t* values, std::size_t n, Width width, std::string& out) {
  const unsigned bits = width.bits();
  if (bits == 0) return;
  std::array<char, (block_values + 1) * word_bytes> buffer;
  char* p = buffer.data();
  if (bits == 64) {
    std::memcpy(p, values, n * word_bytes);
  } else {
    std::uint64_t word = 0;
    unsigned used = 0;
    for (std::size_t i = 0; i < n; ++i) {
      word |= values[i] << used;
      used += bits;
      if (used < 64) continue;
      store_word(p, word);
      p += word_bytes;
      used -= 64;
      word = values[i] >> (bits - used);
    }
    store_word(p, word);
  }
  out.append(buffer.data(), width.bytes(n));
}

bool unpack(proto::ByteReader& in, std::size_t n, Width width, std::uint64_t* out) {
  if (width.bits() == 0) {
    std::memset(out, 0, n * word_bytes);
    return true;
  }
  const auto bytes = in.raw(width.bytes(n));
  if (!in.ok()) return false;
  if (in.remaining() >= word_bytes) {
    unpack_words(bytes.data(), n, width.bits(), out);
    return true;
  }
  std::array<char, (block_values + 1) * word_bytes> padded;
  std::memcpy(padded.data(), bytes.data(), bytes.size());
  std::memset(padded.data() + bytes.size(), 0, word_bytes);
  unpack_words(padded.data(), n, width.bits(), out);
  return true;
}

}  // namespace telltale::store
