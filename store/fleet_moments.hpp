#pragma once

#include <unordered_set>
#include <vector>

#include "store/read_view.hpp"
#include "store/series_moments.hpp"

namespace telltale::store {

/// Stretches of many series, in no order; null = all that have readings. `last` means nothing over several series.
/// Cost: a day that is rolled up costs a row per series (and hour, unless the step is of whole days), other days a
/// chunk header each; readings are decoded where those do not say enough.
[[nodiscard]] std::vector<Stretch> fleet_stretches(ReadView& view, const std::unordered_set<proto::SeriesId>* wanted,
                                                   const MomentsQuery& query);

}  // namespace telltale::store
