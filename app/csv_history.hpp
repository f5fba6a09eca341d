#pragma once

#include <string>
#include <vector>

#include "backtest/memory_history.hpp"

namespace telltale::app {

/// CSV files as readings: site, device and metric are those that `telltale replay` would publish them under. A file
/// that counts its readings instead of saying when they were begins at 1970-01-01.
/// Throws std::runtime_error that names file and line. Memory: 24 bytes a reading.
[[nodiscard]] backtest::MemoryHistory read_csv_history(const std::vector<std::string>& files,
                                                       const backtest::SeriesPatterns& patterns);

}  // namespace telltale::app
