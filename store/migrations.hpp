#pragma once

#include <span>

#include "store/sqlite.hpp"

namespace telltale::store {

/// Brings a database to the newest format: step n (from 1) turns format n-1 into n, each in one transaction.
/// The format is the file's user_version. Throws StoreFailure for a file of a newer program.
void migrate(Database& database, std::span<const char* const> steps);

}  // namespace telltale::store
