#include "store/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace telltale::store {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected 0x1EDC6F41

// Slicing by 8 (Kounavis and Berry, 2005): table[k][b] is the sum of byte b followed by k zero bytes.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    t[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t b = 0; b < 256; ++b) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xFF];
  return t;
}();

std::uint64_t load64(const char* p) noexcept {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}

std::uint32_t step(std::uint32_t crc, char byte) noexcept {
  return (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::string_view bytes, std::uint32_t seed) noexcept {
  std::uint64_t crc = ~seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) crc = __builtin_ia32_crc32di(crc, load64(p));
  auto tail = static_cast<std::uint32_t>(crc);
  for (; n > 0; --n, ++p) tail = __builtin_ia32_crc32qi(tail, static_cast<unsigned char>(*p));
  return ~tail;
}
#endif

using Sum = std::uint32_t (*)(std::string_view, std::uint32_t) noexcept;

Sum fastest() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42;
#endif
  return crc32c_portable;
}

}  // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed) noexcept {
  std::uint32_t crc = ~seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    const std::uint64_t v = load64(p) ^ crc;
    crc = tables[7][v & 0xFF] ^ tables[6][(v >> 8) & 0xFF] ^ tables[5][(v >> 16) & 0xFF] ^ tables[4][(v >> 24) & 0xFF] ^
          tables[3][(v >> 32) & 0xFF] ^ tables[2][(v >> 40) & 0xFF] ^ tables[1][(v >> 48) & 0xFF] ^ tables[0][v >> 56];
  }
  for (; n > 0; --n, ++p) crc = step(crc, *p);
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) noexcept {
  static const Sum sum = fastest();
  return sum(bytes, seed);
}

}  // namespace telltale::store
