#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace telltale::store {

/// The files used last, kept open by path. A path may name another file later: keep() tells them apart.
template <class File>
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t most) : most_(most) {}

  /// open() makes a File when it is not there yet.
  template <class Open>
  std::shared_ptr<File> get(const std::filesystem::path& path, Open&& open) {
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      if (it->path.native() != path.native()) continue;  // a path compares itself part by part
      files_.splice(files_.begin(), files_, it);
      return it->file;
    }
    // Asked first: one that takes its place meanwhile is at worst opened twice.
    const auto identity = identity_of(path);
    files_.push_front({path, identity, std::make_shared<File>(open())});
    if (files_.size() > most_) files_.pop_back();
    return files_.front().file;
  }
  [[nodiscard]] bool has(const std::filesystem::path& path) const {
    return std::ranges::any_of(files_, [&](const Entry& entry) { return entry.path.native() == path.native(); });
  }
  /// Closes files that are not wanted(path), and those whose path names another file by now, or none.
  template <class Wanted>
  void keep(Wanted&& wanted) {
    files_.remove_if([&](const Entry& entry) {
      return !wanted(entry.path) || !entry.identity || identity_of(entry.path) != entry.identity;
    });
  }

 private:
  // An open file keeps its number, also when it was unlinked.
  using Identity = std::pair<dev_t, ino_t>;
  struct Entry {
    std::filesystem::path path;
    std::optional<Identity> identity;
    std::shared_ptr<File> file;
  };
  static std::optional<Identity> identity_of(const std::filesystem::path& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return Identity{found.st_dev, found.st_ino};
  }

  std::size_t most_;
  std::list<Entry> files_;  // the last used first
};

}  // namespace telltale::store
