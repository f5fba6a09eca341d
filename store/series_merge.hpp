#pragma once

#include <cstddef>
#include <vector>

#include "store/day_file.hpp"
#include "store/points.hpp"

namespace telltale::store {

/// One series' readings of one day out of its chunks: ascending, one per time, the later generation wins. Damaged
/// chunks are left out. Reuse one object: it keeps its memory. Cost: about 20 ns a reading, less when nothing overlaps.
class SeriesMerge {
 public:
  /// Chunks may come in any order; those of one generation and file in the order of sealing. Returns how many were
  /// damaged.
  std::size_t merge(proto::SeriesId series, std::vector<DayFile::Chunk>& chunks);

  [[nodiscard]] const std::vector<proto::Reading>& readings() const noexcept { return points_.readings; }
  [[nodiscard]] const std::string& arena() const noexcept { return points_.arena; }

 private:
  ChunkPoints chunk_;
  Points points_;
};

}  // namespace telltale::store
