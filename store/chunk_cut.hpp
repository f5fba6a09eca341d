#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "store/chunk_codec.hpp"

namespace telltale::store {

inline constexpr std::size_t value_types = 4;

/// Adds one reading to a chunk of its type. `arena` is where its text lies.
inline void add_point(ChunkPoints& points, const proto::Reading& r, std::string_view arena) {
  points.ts.push_back(to_ms(r.ts));
  points.source.push_back(r.source);
  switch (r.type) {
    case proto::ValueType::integer:
      points.integers.push_back(r.integer);
      break;
    case proto::ValueType::text:
      points.texts.push_back({static_cast<std::uint32_t>(points.arena.size()), r.text.length});
      points.arena += arena.substr(r.text.offset, r.text.length);
      break;
    case proto::ValueType::number:
    case proto::ValueType::boolean:
      points.numbers.push_back(r.number);
      break;
  }
}

/// Cuts `count` readings of one series, ascending by time, into chunks of one type and at most `limit` readings:
/// reading_at(i) gives them, emit(const ChunkPoints&) takes the chunks. `points` is working memory.
template <class ReadingAt, class Emit>
void cut_chunks(std::size_t count, std::size_t limit, std::string_view arena, ChunkPoints& points,
                ReadingAt&& reading_at, Emit&& emit) {
  unsigned types_present = 0;
  for (std::size_t i = 0; i < count; ++i) types_present |= 1u << static_cast<unsigned>(reading_at(i).type);
  for (unsigned type = 0; type < value_types; ++type) {
    if ((types_present >> type & 1u) == 0) continue;
    points.clear();
    points.type = static_cast<proto::ValueType>(type);
    for (std::size_t i = 0; i < count; ++i) {
      const proto::Reading& r = reading_at(i);
      if (r.type != points.type) continue;
      add_point(points, r, arena);
      if (points.size() < limit) continue;
      emit(points);
      points.clear();
    }
    if (points.size() > 0) emit(points);
  }
}

}  // namespace telltale::store
