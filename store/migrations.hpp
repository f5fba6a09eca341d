#pragma once

#include <cstddef>
#include <span>

#include "store/sqlite.hpp"

namespace telltale::store {

/// Brings a database to the newest format: step n (from 1) turns format n-1 into n, each in one transaction.
/// The format is the file's user_version. Throws StoreFailure for a file of a newer program.
void migrate(Database& database, std::span<const char* const> steps);

/// For readers, who cannot migrate: throws StoreFailure that says which program can read the file.
void refuse_newer(Database& database, std::size_t newest);
void refuse_older(Database& database, std::size_t newest);

}  // namespace telltale::store
