#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <system_error>

namespace telltale::bench {

/// A number in a file that several processes see: how many messages the subscriber has dealt with. The publisher
/// keeps its distance to it, so that the broker never has to drop anything.
class SharedCounter {
 public:
  explicit SharedCounter(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(Value)) != 0) {
      throw std::system_error(errno, std::generic_category(), path);
    }
    void* memory = ::mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
    value_ = static_cast<Value*>(memory);
  }
  ~SharedCounter() { ::munmap(value_, sizeof(Value)); }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;

  void add(std::uint64_t n) noexcept { value_->fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_->load(std::memory_order_relaxed); }

 private:
  using Value = std::atomic<std::uint64_t>;
  static_assert(Value::is_always_lock_free && sizeof(Value) == 8);
  Value* value_;
};

}  // namespace telltale::bench
