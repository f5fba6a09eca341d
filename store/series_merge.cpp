#include "store/series_merge.hpp"

#include <algorithm>

namespace telltale::store {

std::size_t SeriesMerge::merge(proto::SeriesId series, std::vector<DayFile::Chunk>& chunks) {
  std::stable_sort(chunks.begin(), chunks.end(),
                   [](const DayFile::Chunk& a, const DayFile::Chunk& b) { return a.generation < b.generation; });
  points_.readings.clear();
  points_.arena.clear();
  std::size_t damaged = 0;
  for (const auto& chunk : chunks) {
    if (decode_chunk(chunk.data, chunk_)) {
      points_.add(chunk_, series, INT64_MIN, INT64_MAX);
    } else {
      ++damaged;
    }
  }
  points_.merge();
  return damaged;
}

}  // namespace telltale::store
