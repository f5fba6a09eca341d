#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace telltale::store {

/// Named by what the caller does next: wait for space; write elsewhere; give up on the file.
enum class StoreError : std::uint8_t { disk_full, io_error, corrupt };
[[nodiscard]] constexpr std::string_view to_string(StoreError e) noexcept {
  constexpr std::string_view names[] = {"disk_full", "io_error", "corrupt"};
  return names[static_cast<std::uint8_t>(e)];
}

/// The data folder cannot be opened or used at all. The text names the file and the reason.
class StoreFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The reader's owner wants it to end.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace telltale::store
