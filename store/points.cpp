#include "store/points.hpp"

#include <algorithm>

namespace telltale::store {

using namespace proto;

void Points::add(const Reading& reading, std::string_view text) {
  readings.push_back(reading);
  if (reading.type != ValueType::text) return;
  readings.back().text = {static_cast<std::uint32_t>(arena.size()), static_cast<std::uint32_t>(text.size())};
  arena += text;
}

void Points::add(const ChunkPoints& chunk, SeriesId series, std::int64_t from, std::int64_t to) {
  const auto first = std::lower_bound(chunk.ts.begin(), chunk.ts.end(), from) - chunk.ts.begin();
  const auto end = std::lower_bound(chunk.ts.begin(), chunk.ts.end(), to) - chunk.ts.begin();
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(end); ++i) {
    Reading reading{};
    reading.ts = from_ms(chunk.ts[i]);
    reading.series = series;
    reading.type = chunk.type;
    reading.source = chunk.source[i];
    switch (chunk.type) {
      case ValueType::integer:
        reading.integer = chunk.integers[i];
        break;
      case ValueType::text:
        break;
      case ValueType::number:
      case ValueType::boolean:
        reading.number = chunk.numbers[i];
        break;
    }
    add(reading, chunk.type == ValueType::text ? chunk.text(i) : std::string_view{});
  }
}

void Points::append(const Points& other) {
  const auto shift = static_cast<std::uint32_t>(arena.size());
  arena += other.arena;
  for (auto reading : other.readings) {
    if (reading.type == ValueType::text) reading.text.offset += shift;
    readings.push_back(reading);
  }
}

void Points::merge() {
  const auto earlier = [](const Reading& a, const Reading& b) { return a.ts < b.ts; };
  if (!std::is_sorted(readings.begin(), readings.end(), earlier))
    std::stable_sort(readings.begin(), readings.end(), earlier);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (i + 1 < readings.size() && readings[i + 1].ts == readings[i].ts) continue;
    readings[kept++] = readings[i];
  }
  readings.resize(kept);
}

Row to_row(const Reading& reading, std::string_view arena) {
  Row row{reading.ts, reading.type, reading.source, 0, 0, {}};
  switch (reading.type) {
    case ValueType::integer:
      row.integer = reading.integer;
      break;
    case ValueType::text:
      row.text = arena.substr(reading.text.offset, reading.text.length);
      break;
    case ValueType::number:
    case ValueType::boolean:
      row.number = reading.number;
      break;
  }
  return row;
}

Row Points::row(std::size_t i) const { return to_row(readings[i], arena); }

}  // namespace telltale::store
