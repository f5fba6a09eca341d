#include "store/chunk_column.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "store/chunk_bits.hpp"

namespace telltale::store {

using proto::ByteReader;
using proto::ByteWriter;

namespace {

using Word = std::uint64_t;  // differences wrap
using Words = std::array<Word, block_values>;

// A block: u8 flags and width, [zigzag step], zigzag base, [u8 outliers], packed, [(u8 place, zigzag rest) each].
constexpr unsigned by_line = 0x80;
constexpr unsigned with_outliers = 0x40;
constexpr unsigned width_mask = 0x3F;
constexpr int step_bits = 6;  // of a line's step behind the point: after 128 values it is off by one at most

std::int64_t as_signed(Word v) noexcept { return static_cast<std::int64_t>(v); }
Word as_word(std::int64_t v) noexcept { return static_cast<Word>(v); }
Word zigzag(Word v) noexcept { return (v << 1) ^ as_word(as_signed(v) >> 63); }
std::size_t varint_bytes(Word v) noexcept { return (static_cast<std::size_t>(std::bit_width(v | 1)) + 6) / 7; }

/// Where a line of this step is `i` values behind its start.
Word on_line(std::int64_t step, std::size_t i) noexcept { return as_word(as_signed(as_word(step) * i) >> step_bits); }

/// The slope between the means of the block's halves: one odd value moves it little.
std::int64_t step_of(const std::int64_t* v, std::size_t n, Word previous) noexcept {
  const std::size_t half = n / 2;
  if (half == 0) return 0;
  Word first = 0;
  Word second = 0;
  for (std::size_t i = 0; i < half; ++i) {
    first += as_word(v[i]) - previous;
    second += as_word(v[n - half + i]) - previous;
  }
  return as_signed((second - first) << step_bits) / static_cast<std::int64_t>(half * (n - half));
}

/// One way to write a block: what a prediction leaves over, and its cost.
struct Candidate {
  Words rest;
  std::int64_t base = 0;
  Width width = Width::of(0);
  std::array<std::uint8_t, block_values> outliers;
  std::size_t outlier_count = 0;
  std::size_t bytes = 0;
};

/// The range that most values lie in; `center` is in it.
struct Inner {
  std::int64_t center;
  unsigned width;  // zigzag(rest - center) of the values inside has at most this many bits
};

constexpr std::size_t samples = 16;

std::int64_t median(std::int64_t a, std::int64_t b, std::int64_t c) noexcept {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

/// A guess from some of the values: cheap, and two far-off ones among them do not spoil it.
Inner sampled(const Words& rest, std::size_t n) noexcept {
  std::array<std::int64_t, samples> some;
  for (std::size_t i = 0; i < samples; ++i) some[i] = as_signed(rest[i * n / samples]);
  // The ninther, a median of medians (Tukey 1978).
  const auto center = median(median(some[0], some[7], some[14]), median(some[2], some[9], some[11]),
                             median(some[4], some[5], some[13]));
  Word first = 0;  // the three largest distances
  Word second = 0;
  Word third = 0;
  for (const auto v : some) {
    const auto distance = zigzag(as_word(v) - as_word(center));
    third = std::max(third, std::min(second, distance));
    second = std::max(second, std::min(first, distance));
    first = std::max(first, distance);
  }
  return {center, static_cast<unsigned>(std::bit_width(third))};
}

/// The width at which packing what is inside and listing what is outside takes the fewest bytes.
Inner cheapest(const Words& rest, std::size_t n, std::int64_t center) noexcept {
  std::array<unsigned, 65> of_width{};
  for (std::size_t i = 0; i < n; ++i)
    ++of_width[static_cast<unsigned>(std::bit_width(zigzag(rest[i] - as_word(center))))];
  Inner best{center, 64};
  std::size_t best_bits = 64 * n;
  std::size_t listed_bits = 0;
  for (unsigned width = 64; width-- > 0;) {
    listed_bits += of_width[width + 1] * (8 + 8 * varint_bytes(1ull << width));
    if (width * n + listed_bits >= best_bits) continue;
    best_bits = width * n + listed_bits;
    best.width = width;
  }
  return best;
}

void frame(Candidate& c, std::size_t n, std::size_t step_bytes) noexcept {
  auto least = as_signed(c.rest[0]);
  auto greatest = least;
  for (std::size_t i = 1; i < n; ++i) {
    least = std::min(least, as_signed(c.rest[i]));
    greatest = std::max(greatest, as_signed(c.rest[i]));
  }
  c.base = least;
  c.width = Width::of(as_word(greatest) - as_word(least));
  c.bytes = step_bytes + varint_bytes(zigzag(as_word(least))) + c.width.bytes(n);
}

/// Sets single far-off values apart where that is smaller.
void set_apart(Candidate& c, std::size_t n, std::size_t step_bytes) noexcept {
  if (n < samples) return;
  const auto guess = sampled(c.rest, n);
  if (c.width.bits() <= guess.width + 1) return;  // the common case: nothing is far off
  const auto inner = cheapest(c.rest, n, guess.center);
  if (inner.width == 64) return;
  auto least = guess.center;
  auto greatest = guess.center;
  std::size_t outliers = 0;
  std::size_t listed = 1;
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = as_signed(c.rest[i]);
    if (static_cast<unsigned>(std::bit_width(zigzag(c.rest[i] - as_word(guess.center)))) > inner.width) {
      c.outliers[outliers++] = static_cast<std::uint8_t>(i);
      listed += 1 + varint_bytes(zigzag(c.rest[i]));
    } else {
      least = std::min(least, v);
      greatest = std::max(greatest, v);
    }
  }
  const auto width = Width::of(as_word(greatest) - as_word(least));
  const auto bytes = step_bytes + varint_bytes(zigzag(as_word(least))) + width.bytes(n) + listed;
  if (bytes >= c.bytes) return;
  c.base = least;
  c.width = width;
  c.outlier_count = outliers;
  c.bytes = bytes;
}

void put_block(const std::int64_t* v, std::size_t n, std::string& out) {
  const Word previous = as_word(v[-1]);
  Candidate delta;
  const auto* before = v - 1;
  for (std::size_t i = 0; i < n; ++i) delta.rest[i] = as_word(v[i]) - as_word(before[i]);
  frame(delta, n, 0);
  Candidate line;
  std::int64_t step = 0;
  bool straight = false;
  if (delta.width.bits() > 0) {
    step = step_of(v, n, previous);
    const auto step_bytes = varint_bytes(zigzag(as_word(step)));
    for (std::size_t i = 0; i < n; ++i) line.rest[i] = as_word(v[i]) - previous - on_line(step, i + 1);
    frame(line, n, step_bytes);
    set_apart(delta, n, 0);
    set_apart(line, n, step_bytes);
    straight = line.bytes < delta.bytes;
  }
  auto& best = straight ? line : delta;

  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>((straight ? by_line : 0) | (best.outlier_count > 0 ? with_outliers : 0) |
                                      best.width.code()));
  if (straight) writer.zigzag(step);
  writer.zigzag(best.base);
  if (best.outlier_count > 0) writer.u8(static_cast<std::uint8_t>(best.outlier_count));
  Words packed;
  for (std::size_t i = 0; i < n; ++i) packed[i] = best.rest[i] - as_word(best.base);
  for (std::size_t k = 0; k < best.outlier_count; ++k) packed[best.outliers[k]] = 0;
  pack(packed.data(), n, best.width, out);
  for (std::size_t k = 0; k < best.outlier_count; ++k) {
    writer.u8(best.outliers[k]);
    writer.zigzag(as_signed(best.rest[best.outliers[k]]));
  }
}

bool take_block(ByteReader& in, std::size_t n, Word previous, std::int64_t* out) {
  const unsigned head = in.u8();
  const auto width = Width::from_code(head & width_mask);
  const auto step = (head & by_line) != 0 ? in.zigzag() : 0;
  const Word base = as_word(in.zigzag());
  const std::size_t outliers = (head & with_outliers) != 0 ? in.u8() : 0;
  Words rest;
  if (!in.ok() || !width || !unpack(in, n, *width, rest.data())) return false;
  for (std::size_t k = 0; k < outliers; ++k) {
    const std::size_t place = in.u8();
    const Word value = as_word(in.zigzag());
    if (!in.ok() || place >= n) return false;
    rest[place] = value - base;
  }
  if ((head & by_line) != 0) {
    previous += base;
    for (std::size_t i = 0; i < n; ++i) out[i] = as_signed(previous + on_line(step, i + 1) + rest[i]);
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = as_signed(previous += base + rest[i]);
  }
  return true;
}

}  // namespace

void put_column(const std::int64_t* values, std::size_t n, std::string& out) {
  ByteWriter(out).zigzag(values[0]);
  for (std::size_t i = 1; i < n; i += block_values) put_block(values + i, std::min(block_values, n - i), out);
}

bool take_column(ByteReader& in, std::size_t n, std::int64_t* out) {
  out[0] = in.zigzag();
  if (!in.ok()) return false;
  for (std::size_t i = 1; i < n; i += block_values)
    if (!take_block(in, std::min(block_values, n - i), as_word(out[i - 1]), out + i)) return false;
  return true;
}

}  // namespace telltale::store
