#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "store/batch_codec.hpp"
#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/points.hpp"
#include "store/query.hpp"
#include "store/segment.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

/// Retention took a file between reading the manifest and opening it.
struct Vanished {
  std::string file;
};

struct Segment {
  std::uint64_t generation;
  SegmentScanner scanner;
};

/// All segments there are. One that goes between listing and opening has been sealed: the catalog, read afterwards,
/// knows where to.
std::vector<Segment> open_segments(const fs::path& folder) {
  std::vector<Segment> out;
  if (!fs::exists(folder / "log")) return out;
  for (const auto& file : list_segments(folder / "log"))
    if (auto scanner = SegmentScanner::open(file.path)) out.push_back({file.generation, std::move(*scanner)});
  return out;
}

/// Calls visit for the batches for which wanted(head) holds.
template <class Wanted, class Visit>
void scan(Segment& segment, Wanted&& wanted, Visit&& visit) {
  BatchHead head;
  Batch batch;
  while (const auto payload = segment.scanner.next()) {
    if (!decode_head(*payload, head) || !wanted(head) || !decode_batch(*payload, batch)) continue;
    batch.position.generation = segment.generation;
    visit(batch);
  }
}

bool always(const BatchHead&) { return true; }

struct Part {
  std::uint64_t generation;
  Points points;
};

}  // namespace

struct Reader::Impl {
  fs::path folder;

  /// The unsealed segments and the catalog, in the order that leaves no gap: segments first.
  struct View {
    std::vector<Segment> segments;
    Catalog catalog;
    explicit View(const fs::path& folder) : segments(open_segments(folder)), catalog(Catalog::open_read_only(folder)) {}
    void leave_out_sealed() {
      std::erase_if(segments, [this](const Segment& s) { return catalog.is_sealed(s.generation); });
    }
  };

  [[nodiscard]] Points gather(SeriesId series, std::int64_t from, std::int64_t to) const {
    constexpr int attempts = 16;
    for (int attempt = 1;; ++attempt) {
      try {
        return gather_once(series, from, to);
      } catch (const Vanished& vanished) {
        if (attempt == attempts) throw StoreFailure(vanished.file + ": listed in the catalog but not there");
      }
    }
  }

 private:
  [[nodiscard]] Points gather_once(SeriesId series, std::int64_t from, std::int64_t to) const {
    if (from >= to) return {};
    View view(folder);
    std::vector<Part> parts;
    std::map<std::int64_t, std::set<std::uint64_t>> sealed;  // generations by day
    for (const auto& file : view.catalog.day_files(day_of(from), day_of(to - 1)))
      read_day(folder / "day" / file.name, file.closed, series, from, to, parts, sealed[file.day]);
    for (auto& segment : view.segments) {
      Part part{segment.generation, {}};
      scan(
          segment,
          [&](const BatchHead& head) {
            return head.readings > 0 && to_ms(head.t_max) >= from && to_ms(head.t_min) < to;
          },
          [&](const Batch& batch) {
            for (const auto& r : batch.readings) {
              const auto ts = to_ms(r.ts);
              if (r.series != series || ts < from || ts >= to) continue;
              if (const auto day = sealed.find(day_of(ts));
                  day != sealed.end() && day->second.contains(segment.generation))
                continue;
              part.points.add(r, r.type == ValueType::text ? batch.text_of(r) : std::string_view{});
            }
          });
      parts.push_back(std::move(part));
    }
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Part& a, const Part& b) { return a.generation < b.generation; });
    Points all;
    for (const auto& part : parts) all.append(part.points);
    all.merge();
    return all;
  }

  static void read_day(const fs::path& path, bool closed, SeriesId series, std::int64_t from, std::int64_t to,
                       std::vector<Part>& parts, std::set<std::uint64_t>& sealed) {
    if (!fs::exists(path)) throw Vanished{path.string()};
    std::vector<DayFile::Chunk> chunks;
    try {
      auto file = closed ? DayFile::open_closed(path) : DayFile::open_read_only(path);
      const auto snapshot = file.snapshot();
      for (const auto generation : file.generations()) sealed.insert(generation);
      chunks = file.chunks(series, from, to);
    } catch (const DatabaseError& error) {
      if (error.cannot_open() && !fs::exists(path)) throw Vanished{path.string()};
      throw;
    }
    ChunkPoints points;
    for (const auto& chunk : chunks) {
      if (!decode_chunk(chunk.data, points)) throw StoreFailure(path.string() + ": damaged chunk");
      if (parts.empty() || parts.back().generation != chunk.generation) parts.push_back({chunk.generation, {}});
      parts.back().points.add(points, series, from, to);
    }
  }
};

Reader::Reader(fs::path folder) : impl_(std::make_unique<Impl>(Impl{std::move(folder)})) {
  const auto catalog = Catalog::open_read_only(impl_->folder);
}

Reader::~Reader() = default;

Directory Reader::directory() const {
  Impl::View view(impl_->folder);
  view.leave_out_sealed();
  DirectoryBuilder builder;
  view.catalog.load(builder);
  for (auto& segment : view.segments) scan(segment, always, [&](const Batch& batch) { builder.apply(batch); });
  return builder.directory();
}

std::vector<Row> Reader::rows(SeriesId series, Range range) const {
  const auto points = impl_->gather(series, to_ms(range.from), to_ms(range.to));
  std::vector<Row> out;
  out.reserve(points.readings.size());
  for (std::size_t i = 0; i < points.readings.size(); ++i) out.push_back(points.row(i));
  return out;
}

std::vector<Bucket> Reader::aggregate(SeriesId series, Range range, Millis step, Aggregate what) const {
  return store::aggregate(impl_->gather(series, to_ms(range.from), to_ms(range.to)), step, what);
}

std::optional<Row> Reader::latest(SeriesId series) const {
  Impl::View view(impl_->folder);
  view.leave_out_sealed();
  auto newest = view.catalog.latest(series);
  for (auto& segment : view.segments) {
    const auto wanted = [&](const BatchHead& head) {
      return head.readings > 0 && (!newest || head.t_max >= newest->row.ts);
    };
    scan(segment, wanted, [&](const Batch& batch) {
      for (const auto& r : batch.readings) {
        if (r.series != series) continue;
        // Newest by event time; of equal times the later arrival (lesson 17).
        if (newest && (r.ts < newest->row.ts || (r.ts == newest->row.ts && segment.generation < newest->generation)))
          continue;
        newest = Catalog::Latest{to_row(r, batch.text), segment.generation};
      }
    });
  }
  return newest ? std::optional(std::move(newest->row)) : std::nullopt;
}

std::vector<Reader::DeadLetterRow> Reader::dead_letters(std::size_t limit) const {
  Impl::View view(impl_->folder);
  view.leave_out_sealed();
  std::map<std::int64_t, DeadLetterRow> by_id;
  for (auto& row : view.catalog.dead_letters(limit)) by_id.emplace(row.id, std::move(row));
  for (auto& segment : view.segments) {
    scan(segment, always, [&](const Batch& batch) {
      for (std::uint32_t i = 0; i < batch.events.size(); ++i) {
        const auto* letter = std::get_if<DeadLetter>(&batch.events[i].event);
        if (letter == nullptr) continue;
        const auto id = letter_id(batch.position.sequence, i);
        by_id.insert_or_assign(id,
                               DeadLetterRow{id, batch.log_time, std::string(to_string(letter->reason)), letter->topic,
                                             letter->payload, letter->detail, letter->payload_bytes});
        if (by_id.size() > limit) by_id.erase(by_id.begin());
      }
    });
  }
  std::vector<DeadLetterRow> out;
  for (auto row = by_id.rbegin(); row != by_id.rend(); ++row) out.push_back(std::move(row->second));
  return out;
}

}  // namespace telltale::store
