#pragma once

#include <string_view>

#include "store/chunk_codec.hpp"

namespace telltale::store {

/// Reads a chunk of version 1, which day files of telltale 0.1 hold; nothing writes it any more.
/// `bytes` begin behind the version and end before the checksum. `points` are empty before.
[[nodiscard]] bool decode_chunk_v1(std::string_view bytes, ChunkPoints& points);

}  // namespace telltale::store
