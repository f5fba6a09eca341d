#include "store/folder_changes.hpp"

namespace telltale::store {

bool FolderChanges::may_have_changed(Moment now) {
  constexpr std::chrono::milliseconds coarsest{2500};
  struct stat info {};
  if (::stat(folder_.c_str(), &info) != 0) {
    seen_.reset();
    return true;
  }
  const bool as_before = seen_ && seen_->folder == info.st_ino && seen_->changed.tv_sec == info.st_mtim.tv_sec &&
                         seen_->changed.tv_nsec == info.st_mtim.tv_nsec;
  if (!as_before) seen_ = Seen{info.st_ino, info.st_mtim, now};
  seen_->has_stood = now - seen_->first > coarsest;
  return !seen_->listed_for_good;
}

void FolderChanges::listed() noexcept {
  if (seen_) seen_->listed_for_good = seen_->has_stood;
}

}  // namespace telltale::store
