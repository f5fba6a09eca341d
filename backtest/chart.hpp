#pragma once

#include <string>
#include <vector>

#include "store/query.hpp"

namespace telltale::backtest {

/// A line of `width` characters, each as high as the highest sample of its share of the range: "▁▂▃▇█▂ ". A blank:
/// there is none for longer than usual. Flat samples give a low line.
[[nodiscard]] std::string chart(const std::vector<store::Sample>& samples, store::Range range, std::size_t width);

/// The line below it: "^" where `marked` overlaps, else blanks, without blanks at the end.
[[nodiscard]] std::string marks(store::Range marked, store::Range range, std::size_t width);

}  // namespace telltale::backtest
