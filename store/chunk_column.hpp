#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "proto/bytes.hpp"

namespace telltale::store {

/// Whole numbers as the first one and blocks of what a prediction leaves over (docs/format.md). Each block predicts by
/// the value before (random walks, counters) or by a straight line (regular times, noise around a mean), whichever is
/// smaller, and packs the rest in as many bits as its range needs; single values far off are stored apart, so that a
/// gap or a spike does not widen its whole block. Works modulo 2^64, so any values will do. Precondition: n > 0.
void put_column(const std::int64_t* values, std::size_t n, std::string& out);

/// Reads n values; false when the bytes are none that put_column() wrote.
[[nodiscard]] bool take_column(proto::ByteReader& in, std::size_t n, std::int64_t* out);

}  // namespace telltale::store
