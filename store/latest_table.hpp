#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"

namespace telltale::store {

/// The newest reading of each of many series, by event time (lesson 17); of equal times the later generation's.
class LatestTable {
 public:
  void add(std::uint64_t generation, const proto::Reading& reading, std::string_view text);
  void add(const LatestTable& other);

  /// The entries of those series, as far as there are any. Precondition: `series` is ascending, `from` settled.
  void add(std::span<const proto::SeriesId> series, const LatestTable& from);
  /// After the last add(): one entry per series, ascending.
  void settle();

  [[nodiscard]] const std::vector<proto::Reading>& readings() const noexcept { return readings_; }
  [[nodiscard]] const std::string& arena() const noexcept { return arena_; }

 private:
  std::vector<proto::Reading> readings_;
  std::vector<std::uint64_t> generations_;
  std::string arena_;
};

}  // namespace telltale::store
