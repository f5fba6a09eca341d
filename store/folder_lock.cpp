#include "store/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "store/error.hpp"

namespace telltale::store {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const auto path = folder / "lock";
  file_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!file_) throw StoreFailure(path.string() + ": " + std::strerror(errno));
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw StoreFailure(path.string() + ": " + std::strerror(errno));
    std::array<char, 32> owner{};
    const auto n = ::pread(file_.get(), owner.data(), owner.size() - 1, 0);
    std::string text(owner.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    throw StoreFailure(folder.string() + ": is in use by another telltale" +
                       (text.empty() ? std::string() : " (process " + text + ")"));
  }
  // For the message above only; the lock itself is the kernel's.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file_.get(), 0) != 0 || ::pwrite(file_.get(), pid.data(), pid.size(), 0) < 0) return;
}

}  // namespace telltale::store
