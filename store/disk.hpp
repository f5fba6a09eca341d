#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace telltale::store {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The calls through which the log reaches the disk, so that a test can let them fail the way disks do.
/// Errors: the number from errno, 0 for success.
class Disk {
 public:
  struct Space {
    std::uint64_t free_bytes = 0;  // for a process without privileges
    std::uint64_t total_bytes = 0;
  };
  virtual ~Disk() = default;
  virtual int create(const std::filesystem::path& file, Fd& out);  // must not exist yet
  virtual int write(int fd, std::string_view bytes, std::uint64_t offset);
  virtual int sync(int fd);                                                // fdatasync
  virtual int reserve(int fd, std::uint64_t offset, std::uint64_t bytes);  // blocks behind the end; size stays
  virtual int truncate(int fd, std::uint64_t size);                        // also gives back reserved blocks
  virtual int sync_directory(const std::filesystem::path& folder);         // makes names in it durable
  virtual int space(const std::filesystem::path& folder, Space& out) const;
};

/// Makes the names in it durable. Throws StoreFailure, which names the folder.
void sync_names(Disk& disk, const std::filesystem::path& folder);

/// True for the errors that space coming back cures.
[[nodiscard]] bool means_disk_full(int error) noexcept;

}  // namespace telltale::store
