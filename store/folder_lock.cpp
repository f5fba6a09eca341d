#include "store/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "store/error.hpp"

namespace telltale::store {

namespace {

constexpr Millis between_tries{50};

bool taken_by_another(const Fd& file, const std::filesystem::path& path) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return false;
  if (errno != EWOULDBLOCK) throw StoreFailure(path.string() + ": " + std::strerror(errno));
  return true;
}

std::string in_use(const std::filesystem::path& folder, const Fd& file) {
  std::array<char, 32> owner{};
  const auto n = ::pread(file.get(), owner.data(), owner.size() - 1, 0);
  std::string text(owner.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return folder.string() + ": is in use by another telltale" +
         (text.empty() ? std::string() : " (process " + text + ")");
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, Millis within,
                       const std::function<void(const std::string&)>& waiting) {
  const auto path = folder / "lock";
  file_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!file_) throw StoreFailure(path.string() + ": " + std::strerror(errno));
  bool told = false;
  for (auto left = within; taken_by_another(file_, path); left -= between_tries) {
    if (left <= Millis{0}) throw StoreFailure(in_use(folder, file_));
    if (!std::exchange(told, true)) {
      waiting(in_use(folder, file_));
    } else {
      std::this_thread::sleep_for(between_tries);
    }
  }
  // For the message above only; the lock itself is the kernel's.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file_.get(), 0) != 0 || ::pwrite(file_.get(), pid.data(), pid.size(), 0) < 0) return;
}

}  // namespace telltale::store
