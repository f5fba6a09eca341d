#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace telltale::proto {

/// Appends little-endian fields to a string. The one byte format of log records, checkpoints and rule sets.
/// Signed numbers are zigzag varints; strings are a varint length and the bytes.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { fixed(v); }
  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void f64(double v) { fixed(std::bit_cast<std::uint64_t>(v)); }
  void boolean(bool v) { u8(v ? 1 : 0); }
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      u8(static_cast<std::uint8_t>(v | 0x80));
      v >>= 7;
    }
    u8(static_cast<std::uint8_t>(v));
  }
  void zigzag(std::int64_t v) { varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63)); }
  void str(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(std::string_view v) { out_.append(v); }

 private:
  template <class T>
  void fixed(T v) {
    static_assert(std::endian::native == std::endian::little);
    char buffer[sizeof(T)];
    std::memcpy(buffer, &v, sizeof(T));
    out_.append(buffer, sizeof(T));
  }
  std::string& out_;
};

/// Reads what ByteWriter wrote. Past the end or over-long: ok() turns false, and every later read gives 0 or "".
/// Never reads outside the given bytes, whatever they hold.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return in_.empty(); }
  [[nodiscard]] std::size_t remaining() const noexcept { return in_.size(); }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  double f64() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
  bool boolean() { return u8() != 0; }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = u8();
      if (!ok_) return 0;
      v |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (!(b & 0x80)) return v;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  /// Valid as long as the bytes given to the constructor.
  std::string_view str() { return raw(varint()); }
  std::string_view raw(std::uint64_t n) {
    if (!ok_ || n > in_.size()) {
      ok_ = false;
      return {};
    }
    const auto v = in_.substr(0, n);
    in_.remove_prefix(n);
    return v;
  }

 private:
  template <class T>
  T fixed() {
    const auto bytes = raw(sizeof(T));
    T v{};
    if (ok_) std::memcpy(&v, bytes.data(), sizeof(T));
    return v;
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace telltale::proto
