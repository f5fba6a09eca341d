#include <bit>
#include <cmath>
#include <iterator>

#include "store/chunk_doubles.hpp"

namespace telltale::store {

namespace {

constexpr double power_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
static_assert(std::size(power_of_ten) == most_decimals + 1);
constexpr std::int64_t whole_power_of_ten[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};

constexpr double most_whole = 0x1p53;  // above, doubles skip whole numbers
// Below this value * 10^decimals is off by a quarter at most: the nearest integer is the one, and the only one.
constexpr double most_scaled = 0x1p50;
// Added to a number below 2^51, leaves its nearest integer in the low bits of the mantissa.
constexpr double rounder = 0x1.8p52;

std::uint64_t bits(double v) noexcept { return std::bit_cast<std::uint64_t>(v); }

/// False unless v is a whole number of 10^-decimals.
bool exact(double v, unsigned decimals, std::int64_t& out) noexcept {
  if (decimals == 0) {
    if (!(std::fabs(v) <= most_whole)) return false;
    out = static_cast<std::int64_t>(v);
    return bits(static_cast<double>(out)) == bits(v);
  }
  const double power = power_of_ten[decimals];
  const double wide = v * power;
  const double shifted = wide + rounder;
  out = static_cast<std::int64_t>(bits(shifted) - bits(rounder));
  return std::fabs(wide) <= most_scaled && bits((shifted - rounder) / power) == bits(v);
}

/// The same rational numbers at a finer scale: dividing gives the same doubles, as long as nothing is rounded.
bool refine(std::int64_t* integers, std::size_t n, std::int64_t factor) noexcept {
  const auto most = static_cast<std::int64_t>(most_scaled) / factor;
  for (std::size_t i = 0; i < n; ++i) {
    if (integers[i] > most || integers[i] < -most) return false;
    integers[i] *= factor;
  }
  return true;
}

}  // namespace

std::optional<unsigned> to_decimals(const double* values, std::size_t n, std::int64_t* out) {
  unsigned decimals = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (exact(values[i], decimals, out[i])) continue;
    const auto before = decimals;
    do {
      if (++decimals > most_decimals) return std::nullopt;
    } while (!exact(values[i], decimals, out[i]));
    if (!refine(out, i, whole_power_of_ten[decimals - before])) return std::nullopt;
  }
  return decimals;
}

void from_decimals(const std::int64_t* integers, std::size_t n, unsigned decimals, double* out) {
  const double power = power_of_ten[decimals];
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(integers[i]) / power;
}

}  // namespace telltale::store
