#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"

namespace telltale::store {

/// Readings of one series and one type as columns, ascending by time. Which value column is used says `type`.
struct ChunkPoints {
  proto::ValueType type = proto::ValueType::number;
  std::vector<std::int64_t> ts;  // ms
  std::vector<proto::TsSource> source;
  std::vector<double> numbers;         // number; boolean as 1 or 0
  std::vector<std::int64_t> integers;  // integer
  std::vector<proto::TextRef> texts;   // text, in `arena`
  std::string arena;

  void clear();
  [[nodiscard]] std::size_t size() const noexcept { return ts.size(); }
  [[nodiscard]] std::string_view text(std::size_t i) const {
    return std::string_view(arena).substr(texts[i].offset, texts[i].length);
  }
};

/// What can be known without decoding. The value columns are absent for text and when a value is not finite.
struct ChunkHeader {
  std::int64_t t_min = 0, t_max = 0;  // ms
  std::uint64_t n = 0;
  struct Values {
    double min, max, sum, sumsq, last;
  };
  std::optional<Values> values;
};
[[nodiscard]] ChunkHeader summarize(const ChunkPoints& points);

inline constexpr std::size_t most_points_per_chunk = 1u << 20;

/// Packs a chunk as docs/format.md says; ends with a CRC32C. Lossless to the last bit. The same readings give the same
/// bytes on every machine (text: with the same zstd).
/// Precondition: not empty, columns of equal length, at most most_points_per_chunk, at most 1 GiB of text.
/// Threads: any. Cost: 10 to 20 ns a reading; the second form keeps what `out` has reserved.
[[nodiscard]] std::string encode_chunk(const ChunkPoints& points);
void encode_chunk(const ChunkPoints& points, std::string& out);

/// Reads chunks of this version and of version 1. Any bytes are safe; false when they are not an intact chunk, with
/// unspecified points. Memory: at most 33 bytes times most_points_per_chunk, and the text.
/// Threads: any. Cost: a few ns a reading.
[[nodiscard]] bool decode_chunk(std::string_view bytes, ChunkPoints& points);

}  // namespace telltale::store
