#pragma once

#include <cstdint>
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

  void add(proto::SeriesId series, const LatestTable& from);  // its entry, if there is one; `from` is settled
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
