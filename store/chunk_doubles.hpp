#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/bytes.hpp"

namespace telltale::store {

inline constexpr unsigned most_decimals = 6;

/// The least number of decimals (0 to 6) at which every value is a whole number of them, exactly: out[i] / 10^decimals
/// has the bits of values[i]. Fills `out` (room for n); nothing when there is no such scale, as for NaN, infinities
/// and -0.0. The same on every processor: only operations that IEEE 754 defines to the last bit.
[[nodiscard]] std::optional<unsigned> to_decimals(const double* values, std::size_t n, std::int64_t* out);

/// Precondition: decimals <= most_decimals.
void from_decimals(const std::int64_t* integers, std::size_t n, unsigned decimals, double* out);

/// Doubles bit by bit: the first one, then blocks of exclusive ors with the value before, each block without the
/// leading and trailing zero bits that all of it has. Precondition: n > 0.
void put_xor(const double* values, std::size_t n, std::string& out);
[[nodiscard]] bool take_xor(proto::ByteReader& in, std::size_t n, double* out);

}  // namespace telltale::store
