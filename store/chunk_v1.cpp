#include "store/chunk_v1.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "proto/bytes.hpp"
#include "store/compression.hpp"

namespace telltale::store {

using namespace proto;

namespace {

// type, packed?, body. Body: n, times (first, then differences of differences), runs of ts_source, values by type.
constexpr std::size_t most_body_bytes = 1u << 30;
constexpr std::size_t most_expansion = 1u << 15;  // of zstd

constexpr double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
constexpr std::uint8_t raw_doubles = 0xFF;  // instead of a decimal scale

std::int64_t plus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void take_deltas(ByteReader& in, std::size_t n, std::vector<std::int64_t>& out) {
  std::int64_t value = 0;
  out.resize(n);
  for (auto& v : out) v = value = plus(value, in.zigzag());
}

bool take_sources(ByteReader& in, std::size_t n, std::vector<TsSource>& out) {
  while (out.size() < n) {
    const auto source = in.u8();
    const auto run = in.varint();
    if (!in.ok() || source > 3 || run == 0 || run > n - out.size()) return false;
    out.insert(out.end(), static_cast<std::size_t>(run), static_cast<TsSource>(source));
  }
  return true;
}

bool take_numbers(ByteReader& in, std::size_t n, ChunkPoints& points) {
  const auto scale = in.u8();
  points.numbers.resize(n);
  if (scale == raw_doubles) {
    for (auto& v : points.numbers) v = in.f64();
    return in.ok();
  }
  if (scale >= std::size(powers_of_ten)) return false;
  std::int64_t value = 0;
  for (auto& v : points.numbers) {
    value = plus(value, in.zigzag());
    v = static_cast<double>(value) / powers_of_ten[scale];
  }
  return in.ok();
}

bool take_texts(ByteReader& in, std::size_t n, ChunkPoints& points) {
  points.texts.resize(n);
  std::uint64_t offset = 0;
  for (auto& text : points.texts) {
    const auto length = in.varint();
    if (!in.ok() || length > in.remaining() || offset + length > UINT32_MAX) return false;
    text = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
    offset += length;
  }
  points.arena = in.raw(offset);
  return in.ok();
}

bool take_values(ByteReader& in, std::size_t n, ChunkPoints& points) {
  switch (points.type) {
    case ValueType::number:
      return take_numbers(in, n, points);
    case ValueType::integer:
      take_deltas(in, n, points.integers);
      return in.ok();
    case ValueType::boolean:
      points.numbers.resize(n);
      for (auto& v : points.numbers) v = in.boolean() ? 1.0 : 0.0;
      return in.ok();
    case ValueType::text:
      return take_texts(in, n, points);
  }
  return false;
}

bool take_body(std::string_view body, ChunkPoints& points) {
  ByteReader in(body);
  const auto count = in.varint();
  if (!in.ok() || count == 0 || count > most_points_per_chunk || count > in.remaining()) return false;
  const auto n = static_cast<std::size_t>(count);
  std::int64_t t = 0;
  std::int64_t step = 0;
  points.ts.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto delta = plus(step, in.zigzag());
    t = plus(t, delta);
    points.ts[i] = t;
    step = i == 0 ? 0 : delta;
  }
  return in.ok() && take_sources(in, n, points.source) && take_values(in, n, points) && in.at_end();
}

}  // namespace

bool decode_chunk_v1(std::string_view bytes, ChunkPoints& points) {
  ByteReader in(bytes);
  const auto type = in.u8();
  if (!in.ok() || type > 3) return false;
  points.type = static_cast<ValueType>(type);
  const bool packed = in.boolean();
  const auto body = in.raw(in.remaining());
  if (!packed) return take_body(body, points);
  std::string unpacked;
  const auto most = std::min(most_body_bytes, body.size() * most_expansion);
  return decompress(body, most, unpacked) && take_body(unpacked, points);
}

}  // namespace telltale::store
