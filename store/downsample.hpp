#pragma once

#include <cstddef>
#include <vector>

#include "store/query.hpp"

namespace telltale::store {

/// At most `points` of the samples, ascending; all when there are no more; none when `points` is below 2.
/// Precondition: ascending by time. Cost: one pass.
[[nodiscard]] std::vector<Sample> downsample(const std::vector<Sample>& samples, std::size_t points, Downsampling how);

}  // namespace telltale::store
