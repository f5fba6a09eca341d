#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "store/day_file.hpp"
#include "store/log_tail.hpp"
#include "store/points.hpp"
#include "store/read_view.hpp"

namespace telltale::store {

/// What holds readings of one series: a chunk of a day file, or readings of the log.
struct Piece {
  DayFile::Chunk chunk;  // its data may still be missing
  const OpenDayFile* file = nullptr;
  const Points* log = nullptr;     // chunk is made up then: t_min, t_max, n and generation
  std::size_t first = 0, end = 0;  // in log->readings
};

/// The pieces of one series, and what keeps them alive.
class Pieces {
 public:
  Pieces(proto::SeriesId series, const ReadView& view) : series_(series), view_(view) {}

  void add(OpenDayFile file, std::vector<DayFile::Head> heads);
  void add(OpenDayFile file, std::vector<DayFile::Chunk> chunks);
  /// `parts` must outlive this object and be merged. What lies in [from, to), cut at the hour so that it hides few
  /// chunks.
  void add(const std::vector<LogTail::Part>& parts, std::int64_t from, std::int64_t to);

  /// Calls visit(span<Piece>) in the order of time, for groups whose times do not touch. A group of several must be
  /// merged.
  template <class Visit>
  void each_group(Visit&& visit) {
    sort();
    for (std::size_t begin = 0; begin < pieces_.size();) {
      auto last = pieces_[begin].chunk.header.t_max;
      auto end = begin + 1;
      for (; end < pieces_.size() && pieces_[end].chunk.header.t_min <= last; ++end)
        last = std::max(last, pieces_[end].chunk.header.t_max);
      visit(std::span<Piece>(pieces_.data() + begin, end - begin));
      begin = end;
    }
  }
  /// Appends a group's readings in [from, to), merged: the later generation wins. Throws StoreFailure for a damaged
  /// chunk.
  void read(std::span<Piece> group, std::int64_t from, std::int64_t to, Points& out);

 private:
  void sort();
  void take(Piece& piece, std::int64_t from, std::int64_t to, Points& out);
  void decode(Piece& piece);  // into scratch_

  proto::SeriesId series_;
  const ReadView& view_;
  std::deque<OpenDayFile> files_;
  std::vector<Piece> pieces_;
  ChunkPoints scratch_;
};

}  // namespace telltale::store
