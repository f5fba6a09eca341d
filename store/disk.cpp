#include "store/disk.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/error.hpp"

namespace telltale::store {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Disk::create(const std::filesystem::path& file, Fd& out) {
  out = Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  return out ? 0 : errno;
}

int Disk::write(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return 0;
}

int Disk::sync(int fd) { return ::fdatasync(fd) == 0 ? 0 : errno; }

int Disk::reserve(int fd, std::uint64_t offset, std::uint64_t bytes) {
  if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;  // reserving is an optimisation where it is offered
}

int Disk::truncate(int fd, std::uint64_t size) { return ::ftruncate(fd, static_cast<off_t>(size)) == 0 ? 0 : errno; }

int Disk::sync_directory(const std::filesystem::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno;
  return ::fsync(fd.get()) == 0 ? 0 : errno;
}

int Disk::space(const std::filesystem::path& folder, Space& out) const {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return errno;
  out.free_bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  out.total_bytes = static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize;
  return 0;
}

void sync_names(Disk& disk, const std::filesystem::path& folder) {
  if (const int error = disk.sync_directory(folder); error != 0)
    throw StoreFailure(folder.string() + ": " + std::strerror(error));
}

bool means_disk_full(int error) noexcept { return error == ENOSPC || error == EDQUOT; }

}  // namespace telltale::store
