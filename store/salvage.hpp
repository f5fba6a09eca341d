#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "proto/log.hpp"
#include "store/catalog.hpp"

namespace telltale::store {

struct SalvageResult {
  std::uint64_t readings = 0, chunks = 0;  // in the new file
  std::uint64_t damaged_chunks = 0;        // known to have been there, and lost
  std::optional<Catalog::DayFile> fresh;   // takes the place of the damaged file; none: a closed one that was not there
  std::filesystem::path aside;             // where the damaged file is now; empty: there was none
};

/// Rewrites a damaged day file into a new revision with everything in it that can be read, page by page; names it in
/// the manifest instead of the old one, and moves that to day/damaged/. The kind stays: an open file goes on being
/// sealed into. A file that is not there is replaced by nothing, so that the day can be asked again.
/// May be killed anywhere and repeated. Nobody else may write the folder: the seal thread, or the folder's lock.
/// Errors: StoreFailure; the manifest then still has the old file.
SalvageResult salvage_day(const std::filesystem::path& folder, Catalog& catalog, const Catalog::DayFile& file,
                          proto::Logger& log);

}  // namespace telltale::store
