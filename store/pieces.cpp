#include "store/pieces.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "store/day.hpp"
#include "store/error.hpp"

namespace telltale::store {

using namespace proto;

void Pieces::add(OpenDayFile file, std::vector<DayFile::Head> heads) {
  files_.push_back(std::move(file));
  for (auto& head : heads) pieces_.push_back({{head, {}}, &files_.back(), nullptr, 0, 0});
}

void Pieces::add(OpenDayFile file, std::vector<DayFile::Chunk> chunks) {
  files_.push_back(std::move(file));
  for (auto& chunk : chunks) pieces_.push_back({std::move(chunk), &files_.back(), nullptr, 0, 0});
}

void Pieces::add(const std::vector<LogTail::Part>& parts, std::int64_t from, std::int64_t to) {
  const auto before = [](const Reading& r, std::int64_t ts) { return to_ms(r.ts) < ts; };
  for (const auto& part : parts) {
    const auto& readings = part.points.readings;
    auto begin = std::lower_bound(readings.begin(), readings.end(), from, before);
    const auto end = std::lower_bound(begin, readings.end(), to, before);
    while (begin != end) {
      const auto next_hour = (hour_of(to_ms(begin->ts)) + 1) * hour_ms;
      const auto stop = std::lower_bound(begin, end, next_hour, before);
      Piece piece;
      piece.chunk.generation = part.generation;
      piece.chunk.header.t_min = to_ms(begin->ts);
      piece.chunk.header.t_max = to_ms((stop - 1)->ts);
      piece.chunk.header.n = static_cast<std::uint64_t>(stop - begin);
      piece.log = &part.points;
      piece.first = static_cast<std::size_t>(begin - readings.begin());
      piece.end = static_cast<std::size_t>(stop - readings.begin());
      pieces_.push_back(std::move(piece));
      begin = stop;
    }
  }
}

void Pieces::sort() {
  const auto earlier = [](const Piece& a, const Piece& b) { return a.chunk.header.t_min < b.chunk.header.t_min; };
  if (!std::is_sorted(pieces_.begin(), pieces_.end(), earlier))
    std::stable_sort(pieces_.begin(), pieces_.end(), earlier);
}

void Pieces::take(Piece& piece, std::int64_t from, std::int64_t to, Points& out) {
  if (piece.log != nullptr) {
    for (auto i = piece.first; i < piece.end; ++i) {
      const auto& r = piece.log->readings[i];
      if (to_ms(r.ts) < from || to_ms(r.ts) >= to) continue;
      out.add(r, r.type == ValueType::text ? std::string_view(piece.log->arena).substr(r.text.offset, r.text.length)
                                           : std::string_view{});
    }
    return;
  }
  view_.check_stop();
  auto* decoded = view_.decoded();
  if (decoded == nullptr) {
    decode(piece);
    return out.add(scratch_, series_, from, to);
  }
  const auto key = chunk_key(piece.file->name, piece.chunk.id, piece.chunk.generation);
  auto points = decoded->find(key);
  if (!points) {
    decode(piece);
    points = std::make_shared<const ChunkPoints>(scratch_);
    decoded->keep(key, points, bytes_of(*points));
  }
  out.add(*points, series_, from, to);
}

void Pieces::decode(Piece& piece) {
  if (piece.chunk.data.empty()) piece.chunk.data = piece.file->file->data(piece.chunk.id);
  if (!decode_chunk(piece.chunk.data, scratch_))
    throw StoreFailure("day/" + piece.file->name + ": damaged chunk " + std::to_string(piece.chunk.id));
}

void Pieces::read(std::span<Piece> group, std::int64_t from, std::int64_t to, Points& out) {
  if (group.size() == 1) return take(group.front(), from, to, out);
  // Of one generation the chunks of different types never share a time, and a day file and the log say the same.
  std::stable_sort(group.begin(), group.end(),
                   [](const Piece& a, const Piece& b) { return a.chunk.generation < b.chunk.generation; });
  Points merged;
  for (auto& piece : group) take(piece, from, to, merged);
  merged.merge();
  out.append(merged);
}

}  // namespace telltale::store
