#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proto/event.hpp"

namespace telltale::store {

/// The numbers of removed devices and series: readers pass over them, and they are never given out again.
/// Cost: has() is O(1); a bit for each number.
class Removed {
 public:
  void add(proto::DeviceKey key) { devices_.add(to_number(key)); }
  void add(proto::SeriesId id) { series_.add(to_number(id)); }
  void add(const proto::DevicesRemoved& event);
  void add(const Removed& other);

  [[nodiscard]] bool has(proto::DeviceKey key) const noexcept { return devices_.has(to_number(key)); }
  [[nodiscard]] bool has(proto::SeriesId id) const noexcept { return series_.has(to_number(id)); }
  /// How many numbers there are. It only grows, so that an equal value says that nothing was added.
  [[nodiscard]] std::size_t size() const noexcept { return devices_.size() + series_.size(); }
  /// Above all numbers.
  [[nodiscard]] std::uint32_t devices_end() const noexcept { return devices_.end(); }
  [[nodiscard]] std::uint32_t series_end() const noexcept { return series_.end(); }

 private:
  class Numbers {
   public:
    Numbers() = default;
    Numbers(const Numbers& other) { add(other); }
    Numbers(Numbers&&) noexcept = default;
    Numbers& operator=(const Numbers& other);
    Numbers& operator=(Numbers&&) noexcept = default;
    ~Numbers() = default;
    void add(std::uint32_t number);
    void add(const Numbers& other);
    [[nodiscard]] bool has(std::uint32_t number) const noexcept {
      const auto page = number / page_size;
      return page < pages_.size() && pages_[page] && pages_[page]->test(number % page_size);
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint32_t end() const noexcept { return end_; }

   private:
    static constexpr std::uint32_t page_size = 4096;
    std::vector<std::unique_ptr<std::bitset<page_size>>> pages_;
    std::size_t size_ = 0;
    std::uint32_t end_ = 0;
  };
  Numbers devices_, series_;
};

/// A removal and its place in the log.
struct Removal {
  std::uint64_t sequence;  // of its batch
  std::uint32_t index;     // among the batch's events
  Timestamp at;            // log time
  proto::DevicesRemoved what;
};

/// A dead letter before the removal belongs to what was removed: by its device, or by its topic when its sender was
/// not known.
[[nodiscard]] bool concerns(const proto::DevicesRemoved& removal, proto::DeviceKey device, std::string_view topic);

}  // namespace telltale::store
