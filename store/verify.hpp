#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/catalog.hpp"

namespace telltale::store {

/// Something wrong with one file of a data folder.
struct Problem {
  std::string file;   // below the folder
  std::string place;  // series, times or bytes; "" = the file as a whole
  std::string lost;   // what is wrong and what it costs
};
/// "day/20251121-raw-0.db: site1/esp32-7 temperature, 2025-11-21T04:40:00Z to …: …", one line.
[[nodiscard]] std::string to_string(const Problem& problem);

struct Verified {
  std::uint64_t files = 0, batches = 0, chunks = 0, readings = 0;  // readings of day files
  std::uint64_t problems = 0;
  std::vector<Catalog::DayFile> damaged_days;  // what salvage_day can make good, as far as it is readable
};

/// Checks every file of a data folder, beside a live service or without one, and changes none: log records and their
/// numbers; pages and tables of the databases, and their write-ahead logs; every chunk against its sum, its header,
/// its key and its file's ledger; rollups against the readings; the manifest against what is there.
/// What it cannot see: SQLite's pages have no sums, so a changed letter or digit in catalog.db, state.db or recent.db
/// may pass. Chunks and log records have.
/// Errors: StoreFailure when it is no data folder. Cost: reads everything once, chunks of closed days twice.
[[nodiscard]] Verified verify(const std::filesystem::path& folder, const std::function<void(const Problem&)>& tell);

}  // namespace telltale::store
