#pragma once

#include <algorithm>
#include <cstdint>

#include "store/disk.hpp"
#include "store/store.hpp"

namespace telltale::store {

/// Less than the reserve and `ahead` bytes more are free. Unknown space counts as enough: the write itself will tell.
[[nodiscard]] inline bool space_low(const Disk& disk, const StoreOptions& options, std::uint64_t ahead = 0) {
  constexpr std::uint64_t most_reserve_bytes = 1ull << 30;
  constexpr std::uint64_t reserve_share = 20;  // 1/20 = 5 %
  Disk::Space space;
  if (disk.space(options.path, space) != 0) return false;
  const auto reserve = options.reserve_bytes != 0
                           ? options.reserve_bytes
                           : std::min(space.total_bytes / reserve_share, most_reserve_bytes) + options.rotate_bytes;
  return space.free_bytes < reserve || space.free_bytes - reserve < ahead;
}

}  // namespace telltale::store
