#pragma once

#include <filesystem>
#include <mutex>
#include <string_view>
#include <vector>

#include "store/keys_db.hpp"

namespace telltale::api {

/// keys.db for the routes that change it; the gate, which reads it at every request, has a connection of its own.
/// Threads: any; one at a time inside. Errors: StoreFailure.
class Keyring {
 public:
  explicit Keyring(const std::filesystem::path& folder) : keys_(folder / store::KeysDb::file_name) {}

  /// Calls use(keys) while nobody else does.
  template <class Use>
  auto with(Use&& use) {
    const std::lock_guard lock(mutex_);
    return use(keys_);
  }

 private:
  std::mutex mutex_;
  store::KeysDb keys_;
};

}  // namespace telltale::api
