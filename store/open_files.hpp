#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

namespace telltale::store {

/// The files used last, kept open by name.
template <class File>
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t most) : most_(most) {}

  /// open() makes a File when it is not there yet.
  template <class Open>
  std::shared_ptr<File> get(const std::string& name, Open&& open) {
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      if (it->first != name) continue;
      files_.splice(files_.begin(), files_, it);
      return it->second;
    }
    files_.emplace_front(name, std::make_shared<File>(open()));
    if (files_.size() > most_) files_.pop_back();
    return files_.front().second;
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::ranges::any_of(files_, [&](const auto& file) { return file.first == name; });
  }
  /// Closes the others.
  template <class Wanted>
  void keep(Wanted&& wanted) {
    files_.remove_if([&](const auto& file) { return !wanted(file.first); });
  }

 private:
  std::size_t most_;
  std::list<std::pair<std::string, std::shared_ptr<File>>> files_;  // the last used first
};

}  // namespace telltale::store
