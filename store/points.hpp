#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/batch.hpp"
#include "store/chunk_codec.hpp"
#include "store/query.hpp"

namespace telltale::store {

/// Readings of one series on their way to a reader: text lies in `arena`.
struct Points {
  std::vector<proto::Reading> readings;
  std::string arena;

  void add(const proto::Reading& reading, std::string_view text);
  /// The part of a chunk in [from, to).
  void add(const ChunkPoints& chunk, proto::SeriesId series, std::int64_t from, std::int64_t to);
  void append(const Points& other);
  /// Ascending by time, one per time; the one added last wins.
  void merge();
  [[nodiscard]] Row row(std::size_t i) const;
};

[[nodiscard]] Row to_row(const proto::Reading& reading, std::string_view arena);

}  // namespace telltale::store
