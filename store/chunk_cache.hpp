#pragma once

#include "store/byte_cache.hpp"
#include "store/chunk_codec.hpp"

namespace telltale::store {

/// Decoded chunks of day files, for several readers. A chunk's file, place and generation name its content for ever:
/// a file that is there is rewritten under a new name only, and generations never come back.
class ChunkCache : public ByteCache<ChunkPoints> {
 public:
  using ByteCache::ByteCache;
};

[[nodiscard]] std::string chunk_key(std::string_view file, std::int64_t id, std::uint64_t generation);
[[nodiscard]] std::size_t bytes_of(const ChunkPoints& points);

}  // namespace telltale::store
