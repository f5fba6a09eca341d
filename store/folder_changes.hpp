#pragma once

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <optional>

namespace telltale::store {

/// Whether files may have come to a folder, or gone, since it was last listed: listing costs ten times as much as
/// asking. The time of a folder's change is coarse (a kernel's tick, on some file systems a second or two), so a
/// listing counts for good only when that time had stood for longer before it. Local file systems: others may tell old
/// times. Threads: one at a time.
class FolderChanges {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  explicit FolderChanges(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// To be asked before listing; false: what the last listing found is still so. Cost: one system call.
  [[nodiscard]] bool may_have_changed(Moment now);
  /// To be called when the listing has succeeded.
  void listed() noexcept;

 private:
  struct Seen {
    ino_t folder;
    timespec changed;
    Moment first;  // when it was first seen so
    bool has_stood = false;
    bool listed_for_good = false;
  };
  std::filesystem::path folder_;
  std::optional<Seen> seen_;
};

}  // namespace telltale::store
