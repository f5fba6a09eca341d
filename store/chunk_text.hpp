#pragma once

#include <cstddef>
#include <string>

#include "proto/bytes.hpp"
#include "store/chunk_codec.hpp"

namespace telltale::store {

enum class TextBytes : std::uint8_t { plain, zstd };

/// The distinct texts in order of appearance and which one each reading has. Compressed where that is smaller: which
/// it was is returned and has to be handed to take_texts(). Precondition: points of type text, not empty.
TextBytes put_texts(const ChunkPoints& points, std::string& out);

/// Reads n texts from the rest of `in`; equal ones share their place in the arena.
[[nodiscard]] bool take_texts(proto::ByteReader& in, std::size_t n, TextBytes how, ChunkPoints& points);

}  // namespace telltale::store
