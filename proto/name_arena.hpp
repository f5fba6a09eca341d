#pragma once

#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace telltale::proto {

/// Text put together while a message is decoded (flattened names, composed ids). What it gave out stays where it is
/// until reset(), which keeps the memory. Threads: one.
class NameArena {
 public:
  void reset() noexcept {
    block_ = 0;
    used_ = 0;
  }

  [[nodiscard]] std::string_view join(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    char* const start = take(size);
    char* at = start;
    for (const auto part : parts) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    return {start, size};
  }

 private:
  static constexpr std::size_t block_bytes = 16 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };

  char* take(std::size_t size) {
    while (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const auto bytes = size > block_bytes ? size : block_bytes;
      blocks_.push_back({std::make_unique<char[]>(bytes), bytes});
    }
    char* const at = blocks_[block_].bytes.get() + used_;
    used_ += size;
    return at;
  }

  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace telltale::proto
