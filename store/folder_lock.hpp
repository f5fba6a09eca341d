#pragma once

#include <filesystem>

#include "store/disk.hpp"

namespace telltale::store {

/// Keeps a second service, or an offline tool, out of a data folder while it lives. The kernel ends it with the
/// process.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);  // throws StoreFailure when somebody else has it

 private:
  Fd file_;
};

}  // namespace telltale::store
