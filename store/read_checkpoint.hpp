#pragma once

#include <filesystem>
#include <optional>

#include "store/state_db.hpp"

namespace telltale::store {

/// The last checkpoint of a data folder, also beside a running service (then some minutes old, at most as old as a log
/// segment gets). Nothing: there is none yet. Throws StoreFailure when it is no data folder.
[[nodiscard]] std::optional<StateDb::Checkpoint> read_checkpoint(const std::filesystem::path& folder);

}  // namespace telltale::store
