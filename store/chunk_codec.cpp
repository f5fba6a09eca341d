#include "store/chunk_codec.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "proto/bytes.hpp"
#include "store/chunk_column.hpp"
#include "store/chunk_doubles.hpp"
#include "store/chunk_text.hpp"
#include "store/chunk_v1.hpp"
#include "store/crc32c.hpp"

namespace telltale::store {

using namespace proto;

namespace {

// u8 version, u8 kind, varint n, times, [runs of ts_source], values, u32 sum (docs/format.md).
constexpr std::uint8_t version = 2;
constexpr std::size_t sum_bytes = 4;

// kind: type in bits 0 and 1, ts_source of all readings in 2 to 4, how the values are written in 5 to 7.
constexpr unsigned source_shift = 2;
constexpr unsigned how_shift = 5;
constexpr unsigned sources = 4;
constexpr unsigned several_sources = 4;  // instead of one ts_source
constexpr unsigned by_xor = 7;           // instead of a number's decimals

unsigned source_of_all(const std::vector<TsSource>& source) {
  const bool one = std::all_of(source.begin(), source.end(), [&](TsSource s) { return s == source.front(); });
  return one ? static_cast<unsigned>(source.front()) : several_sources;
}

void put_sources(const std::vector<TsSource>& source, ByteWriter& out) {
  for (std::size_t i = 0; i < source.size();) {
    std::size_t end = i + 1;
    while (end < source.size() && source[end] == source[i]) ++end;
    out.varint((end - i) * sources + static_cast<unsigned>(source[i]));
    i = end;
  }
}

bool take_sources(ByteReader& in, std::size_t n, std::vector<TsSource>& out) {
  while (out.size() < n) {
    const auto run = in.varint();
    const auto length = run / sources;
    if (!in.ok() || length == 0 || length > n - out.size()) return false;
    out.insert(out.end(), static_cast<std::size_t>(length), static_cast<TsSource>(run % sources));
  }
  return true;
}

unsigned put_numbers(const std::vector<double>& values, std::string& out) {
  thread_local std::vector<std::int64_t> integers;
  integers.resize(values.size());
  const auto decimals = to_decimals(values.data(), values.size(), integers.data());
  if (decimals) {
    put_column(integers.data(), integers.size(), out);
  } else {
    put_xor(values.data(), values.size(), out);
  }
  return decimals.value_or(by_xor);
}

void put_booleans(const std::vector<double>& values, std::string& out) {
  thread_local std::vector<std::int64_t> bits;
  bits.resize(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), [](double v) { return v != 0 ? 1 : 0; });
  put_column(bits.data(), bits.size(), out);
}

/// Returns how they are written.
unsigned put_values(const ChunkPoints& points, std::string& out) {
  switch (points.type) {
    case ValueType::number:
      return put_numbers(points.numbers, out);
    case ValueType::integer:
      put_column(points.integers.data(), points.size(), out);
      return 0;
    case ValueType::boolean:
      put_booleans(points.numbers, out);
      return 0;
    case ValueType::text:
      return static_cast<unsigned>(put_texts(points, out));
  }
  return 0;
}

bool take_numbers(ByteReader& in, std::size_t n, unsigned how, ChunkPoints& points) {
  points.numbers.resize(n);
  if (how == by_xor) return take_xor(in, n, points.numbers.data());
  points.integers.resize(n);
  if (!take_column(in, n, points.integers.data())) return false;
  from_decimals(points.integers.data(), n, how, points.numbers.data());
  points.integers.clear();
  return true;
}

bool take_values(ByteReader& in, std::size_t n, unsigned how, ChunkPoints& points) {
  switch (points.type) {
    case ValueType::number:
      return take_numbers(in, n, how, points);
    case ValueType::integer:
      points.integers.resize(n);
      return how == 0 && take_column(in, n, points.integers.data());
    case ValueType::boolean:
      return how == 0 && take_numbers(in, n, 0, points) &&
             std::all_of(points.numbers.begin(), points.numbers.end(), [](double v) { return v == 0 || v == 1; });
    case ValueType::text:
      return how <= static_cast<unsigned>(TextBytes::zstd) && take_texts(in, n, static_cast<TextBytes>(how), points);
  }
  return false;
}

/// What is between version and sum.
bool take_chunk(ByteReader& in, ChunkPoints& points) {
  const unsigned kind = in.u8();
  const unsigned source = kind >> source_shift & 7;
  const auto count = in.varint();
  if (!in.ok() || source > several_sources || count == 0 || count > most_points_per_chunk) return false;
  const auto n = static_cast<std::size_t>(count);
  points.type = static_cast<ValueType>(kind & 3);
  points.ts.resize(n);
  if (!take_column(in, n, points.ts.data())) return false;
  if (source != several_sources) {
    points.source.resize(n, static_cast<TsSource>(source));
  } else if (!take_sources(in, n, points.source)) {
    return false;
  }
  return take_values(in, n, kind >> how_shift, points) && in.at_end();
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
  std::string out;
  out.reserve(points.size() * 2 + 64);
  encode_chunk(points, out);
  return out;
}

void encode_chunk(const ChunkPoints& points, std::string& out) {
  assert(points.size() > 0 && points.size() <= most_points_per_chunk && points.source.size() == points.size());
  constexpr std::size_t kind_at = 1;
  out.clear();
  ByteWriter writer(out);
  writer.u8(version);
  writer.u8(0);
  writer.varint(points.size());
  put_column(points.ts.data(), points.size(), out);
  const auto source = source_of_all(points.source);
  if (source == several_sources) put_sources(points.source, writer);
  const auto how = put_values(points, out);
  out[kind_at] = static_cast<char>(static_cast<unsigned>(points.type) | source << source_shift | how << how_shift);
  writer.u32(crc32c(out));
}

bool decode_chunk(std::string_view bytes, ChunkPoints& points) {
  points.clear();
  if (bytes.size() < 1 + sum_bytes) return false;
  std::uint32_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - sum_bytes, sum_bytes);
  bytes.remove_suffix(sum_bytes);
  if (crc32c(bytes) != sum) return false;
  ByteReader in(bytes);
  const auto written_by = in.u8();
  if (written_by == 1) return decode_chunk_v1(bytes.substr(1), points);
  return written_by == version && take_chunk(in, points);
}

}  // namespace telltale::store
