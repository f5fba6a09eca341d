#pragma once

#include <string>
#include <vector>

#include "store/query.hpp"

namespace telltale::backtest {

struct Tick {
  double at;  // in the axis's unit; times in ms since 1970
  std::string label;
};

/// Round values, some `wanted` of them: steps of 1, 2 or 5 times a power of ten.
[[nodiscard]] std::vector<Tick> value_ticks(double low, double high, int wanted);
/// Round times in UTC, at most `most`: "14:30", "01-28 06:00" or "2014-01-28", whatever tells them apart.
[[nodiscard]] std::vector<Tick> time_ticks(store::Range range, int most);

}  // namespace telltale::backtest
