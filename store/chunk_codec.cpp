#include "store/chunk_codec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "proto/bytes.hpp"
#include "store/compression.hpp"
#include "store/crc32c.hpp"

namespace telltale::store {

using namespace proto;

namespace {

// version, type, packed?, body, sum. Body: n, times (first, then differences of differences), runs of ts_source,
// values by type.
constexpr std::uint8_t version = 1;
constexpr std::size_t sum_bytes = 4;
constexpr std::size_t least_worth_compressing = 64;
constexpr std::size_t most_body_bytes = 1u << 30;

constexpr double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
constexpr std::uint8_t raw_doubles = 0xFF;         // instead of a decimal scale
constexpr double most_exact = 9007199254740992.0;  // 2^53

std::int64_t minus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// v as an integer of 10^-scale, when dividing gives the same bits again.
bool scaled(double v, double power, std::int64_t& out) noexcept {
  const double wide = std::round(v * power);
  if (!(std::fabs(wide) <= most_exact)) return false;
  if (std::bit_cast<std::uint64_t>(wide / power) != std::bit_cast<std::uint64_t>(v)) return false;
  out = static_cast<std::int64_t>(wide);
  return true;
}

/// The least scale at which every value is exact, with the integers; raw_doubles when there is none.
std::uint8_t decimals(const std::vector<double>& values, std::vector<std::int64_t>& out) {
  out.resize(values.size());
  for (std::uint8_t scale = 0; scale < std::size(powers_of_ten); ++scale) {
    std::size_t i = 0;
    while (i < values.size() && scaled(values[i], powers_of_ten[scale], out[i])) ++i;
    if (i == values.size()) return scale;
  }
  return raw_doubles;
}

void put_deltas(const std::vector<std::int64_t>& values, ByteWriter& out) {
  std::int64_t previous = 0;
  for (const auto v : values) {
    out.zigzag(minus(v, previous));
    previous = v;
  }
}

void put_times(const std::vector<std::int64_t>& ts, ByteWriter& out) {
  std::int64_t previous = 0;
  std::int64_t step = 0;
  for (std::size_t i = 0; i < ts.size(); ++i) {
    const auto delta = minus(ts[i], previous);
    out.zigzag(minus(delta, step));
    step = i == 0 ? 0 : delta;
    previous = ts[i];
  }
}

void put_sources(const std::vector<TsSource>& source, ByteWriter& out) {
  for (std::size_t i = 0; i < source.size();) {
    std::size_t end = i + 1;
    while (end < source.size() && source[end] == source[i]) ++end;
    out.u8(static_cast<std::uint8_t>(source[i]));
    out.varint(end - i);
    i = end;
  }
}

void put_values(const ChunkPoints& points, ByteWriter& out) {
  switch (points.type) {
    case ValueType::number: {
      std::vector<std::int64_t> integers;
      const auto scale = decimals(points.numbers, integers);
      out.u8(scale);
      if (scale != raw_doubles) return put_deltas(integers, out);
      for (const double v : points.numbers) out.f64(v);
      return;
    }
    case ValueType::integer:
      return put_deltas(points.integers, out);
    case ValueType::boolean:
      for (const double v : points.numbers) out.boolean(v != 0);
      return;
    case ValueType::text:
      for (const auto& text : points.texts) out.varint(text.length);
      for (std::size_t i = 0; i < points.size(); ++i) out.raw(points.text(i));
      return;
  }
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
  if (!in.ok() || count == 0 || count > in.remaining()) return false;
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

void ChunkPoints::clear() {
  ts.clear();
  source.clear();
  numbers.clear();
  integers.clear();
  texts.clear();
  arena.clear();
}

ChunkHeader summarize(const ChunkPoints& points) {
  ChunkHeader header{points.ts.front(), points.ts.back(), points.size(), std::nullopt};
  if (points.type == ValueType::text) return header;
  ChunkHeader::Values v{INFINITY, -INFINITY, 0, 0, 0};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = points.type == ValueType::integer ? static_cast<double>(points.integers[i]) : points.numbers[i];
    if (!std::isfinite(x)) return header;
    v.min = std::min(v.min, x);
    v.max = std::max(v.max, x);
    v.sum += x;
    v.sumsq += x * x;
    v.last = x;
  }
  header.values = v;
  return header;
}

std::string encode_chunk(const ChunkPoints& points) {
  std::string body;
  body.reserve(points.size() * 4 + points.arena.size() + 32);
  ByteWriter writer(body);
  writer.varint(points.size());
  put_times(points.ts, writer);
  put_sources(points.source, writer);
  put_values(points, writer);

  const std::string packed = body.size() >= least_worth_compressing ? compress(body) : std::string();
  const bool smaller = !packed.empty() && packed.size() < body.size();
  std::string out;
  out.reserve(8 + (smaller ? packed.size() : body.size()));
  ByteWriter head(out);
  head.u8(version);
  head.u8(static_cast<std::uint8_t>(points.type));
  head.boolean(smaller);
  head.raw(smaller ? packed : body);
  head.u32(crc32c(out));
  return out;
}

bool decode_chunk(std::string_view bytes, ChunkPoints& points) {
  points.clear();
  if (bytes.size() < 3 + sum_bytes) return false;
  std::uint32_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - sum_bytes, sum_bytes);
  bytes.remove_suffix(sum_bytes);
  if (crc32c(bytes) != sum) return false;
  ByteReader in(bytes);
  if (in.u8() != version) return false;
  const auto type = in.u8();
  if (type > 3) return false;
  points.type = static_cast<ValueType>(type);
  const bool packed = in.boolean();
  const auto body = in.raw(in.remaining());
  if (!packed) return take_body(body, points);
  std::string unpacked;
  return decompress(body, most_body_bytes, unpacked) && take_body(unpacked, points);
}

}  // namespace telltale::store
