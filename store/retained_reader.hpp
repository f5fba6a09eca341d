#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace telltale::store {

/// What stands, or will stand, retained at the broker: the table of state.db, read beside the service that writes it.
/// Threads: one at a time. Errors: StoreFailure. Cost: one lookup by key.
class RetainedReader {
 public:
  explicit RetainedReader(const std::filesystem::path& state_db);
  ~RetainedReader();

  /// Another value: state.db has changed.
  [[nodiscard]] std::int64_t version() const;
  /// The newest payload of a topic.
  [[nodiscard]] std::optional<std::string> payload(std::string_view topic) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
