#include "store/chunk_cache.hpp"

#include <cstring>

namespace telltale::store {

std::string chunk_key(std::string_view file, std::int64_t id, std::uint64_t generation) {
  std::string key(file);
  const auto begin = key.size();
  key.resize(begin + sizeof id + sizeof generation);
  std::memcpy(key.data() + begin, &id, sizeof id);
  std::memcpy(key.data() + begin + sizeof id, &generation, sizeof generation);
  return key;
}

std::size_t bytes_of(const ChunkPoints& points) {
  const auto bytes = [](const auto& column) { return column.size() * sizeof column[0]; };
  return sizeof points + bytes(points.ts) + bytes(points.source) + bytes(points.numbers) + bytes(points.integers) +
         bytes(points.texts) + points.arena.size();
}

}  // namespace telltale::store
