#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "proto/clock.hpp"
#include "store/disk.hpp"

namespace telltale::store {

/// Keeps a second service, or an offline tool, out of a data folder while it lives. The kernel ends it with the
/// process.
class FolderLock {
 public:
  /// Throws StoreFailure when somebody else has it, and has it still after `within`. `waiting` is told once who, before
  /// the first wait: "data: is in use by another telltale (process 7)".
  explicit FolderLock(
      const std::filesystem::path& folder, Millis within = Millis{0},
      const std::function<void(const std::string&)>& waiting = [](const std::string&) {});

 private:
  Fd file_;
};

}  // namespace telltale::store
