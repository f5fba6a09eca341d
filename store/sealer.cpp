#include "store/sealer.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "store/batch_codec.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/disk.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t points_per_chunk = 8192;
constexpr std::size_t pieces_per_chunk_key = 1024;
constexpr std::size_t value_types = 4;

}  // namespace

/// A segment in memory, then sorted: `order` lists readings by series and time, one per (series, ts).
struct Sealer::Contents {
  std::vector<Reading> readings;
  std::string text;
  std::vector<std::uint32_t> order;
  struct Chunk {  // order[begin, end): readings of one series in one hour
    std::int64_t day;
    unsigned hour;
    SeriesId series;
    std::uint32_t begin, end;
  };
  std::vector<Chunk> chunks;
  Catalog::Sealed sealed;
  std::uint64_t out_of_time = 0;  // readings

  void sort();
  void cut(std::int64_t oldest_day);

 private:
  void sort_by_series();
};

/// A counting sort: stable, so that arrival order remains within a series.
void Sealer::Contents::sort_by_series() {
  std::vector<SeriesId> ids;
  ids.reserve(readings.size());
  for (const auto& r : readings) ids.push_back(r.series);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const auto place_of = [&](SeriesId id) {
    return static_cast<std::size_t>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
  };
  std::vector<std::uint32_t> starts(ids.size() + 1, 0);
  for (const auto& r : readings) ++starts[place_of(r.series) + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  order.resize(readings.size());
  for (std::uint32_t i = 0; i < readings.size(); ++i) order[starts[place_of(readings[i].series)]++] = i;
}

void Sealer::Contents::sort() {
  sort_by_series();
  const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return readings[a].ts < readings[b].ts; };
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    const auto series = readings[order[begin]].series;
    auto end = begin;
    std::int64_t last_stamp_ms = 0;
    for (; end < order.size() && readings[order[end]].series == series; ++end) {
      const auto& r = readings[order[end]];
      if (r.source == TsSource::receive || r.source == TsSource::backlog)
        last_stamp_ms = std::max(last_stamp_ms, to_ms(r.ts));
    }
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(end);
    if (!std::is_sorted(first, last, earlier)) std::stable_sort(first, last, earlier);
    for (auto i = begin; i < end; ++i) {
      // Of equal times the last arrival wins.
      if (i + 1 < end && readings[order[i + 1]].ts == readings[order[i]].ts) continue;
      order[kept++] = order[i];
    }
    const auto& newest = readings[order[kept - 1]];
    Row row{newest.ts, newest.type, newest.source, 0, 0, {}};
    switch (newest.type) {
      case ValueType::integer:
        row.integer = newest.integer;
        break;
      case ValueType::text:
        row.text = std::string_view(text).substr(newest.text.offset, newest.text.length);
        break;
      case ValueType::number:
      case ValueType::boolean:
        row.number = newest.number;
        break;
    }
    sealed.series.push_back({series, std::move(row), last_stamp_ms});
    begin = end;
  }
  order.resize(kept);
}

void Sealer::Contents::cut(std::int64_t oldest_day) {
  for (std::uint32_t begin = 0; begin < order.size();) {
    const auto& first = readings[order[begin]];
    const auto hour = hour_of(to_ms(first.ts));
    auto end = begin + 1;
    while (end < order.size() && readings[order[end]].series == first.series &&
           hour_of(to_ms(readings[order[end]].ts)) == hour)
      ++end;
    const auto day = floor_divide(hour, 24);
    if (day < first_day || day > last_day) {
      out_of_time += end - begin;
    } else if (day >= oldest_day) {
      chunks.push_back({day, static_cast<unsigned>(hour - day * 24), first.series, begin, end});
    }
    begin = end;
  }
  std::sort(chunks.begin(), chunks.end(), [](const Chunk& a, const Chunk& b) {
    return std::tie(a.day, a.hour, a.series) < std::tie(b.day, b.hour, b.series);
  });
}

Sealer::Sealer(fs::path folder, Catalog& catalog, const Clock& clock, Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), clock_(clock), log_(log) {
  catalog_.load(directory_);
}

void Sealer::read(const SegmentInfo& segment, Contents& contents) {
  auto scanner = SegmentScanner::open(segment.path);
  if (!scanner) throw StoreFailure(segment.path.string() + ": vanished before it was sealed");
  contents.readings.reserve(segment.readings);
  Batch batch;
  std::vector<SegmentScanner::Place> damaged;
  while (const auto payload = scanner->next()) {
    if (!decode_batch(*payload, batch)) {
      damaged.push_back(scanner->last());
      continue;
    }
    if (batch.position.sequence > segment.last_sequence || segment.repeated.contains(batch.position.sequence)) continue;
    const auto text_start = static_cast<std::uint32_t>(contents.text.size());
    contents.text += batch.text;
    for (auto reading : batch.readings) {
      if (reading.type == ValueType::text) reading.text.offset += text_start;
      contents.readings.push_back(reading);
    }
    for (std::uint32_t i = 0; i < batch.events.size(); ++i) {
      auto& event = batch.events[i].event;
      directory_.apply(event);
      if (auto* letter = std::get_if<DeadLetter>(&event)) {
        contents.sealed.letters.push_back({batch.position.sequence, i, batch.log_time, std::move(*letter)});
      } else if (std::holds_alternative<NewDevice>(event) || std::holds_alternative<NewSeries>(event) ||
                 std::holds_alternative<SeriesUnit>(event) || std::holds_alternative<DeviceTags>(event)) {
        contents.sealed.directory.push_back(std::move(event));
      }
    }
  }
  damaged.insert(damaged.end(), scanner->damage().begin(), scanner->damage().end());
  Disk disk;
  quarantine(folder_ / "log", segment.generation, *scanner, damaged, disk, log_);
}

std::uint64_t Sealer::seal(const SegmentInfo& segment, const Limits& limits) {
  if (catalog_.is_sealed(segment.generation)) return 0;
  Contents contents;
  read(segment, contents);
  contents.sort();
  contents.cut(limits.oldest_day);
  if (contents.out_of_time > 0)
    log_.error("store", "segment " + std::to_string(segment.generation) + ": " + std::to_string(contents.out_of_time) +
                            " readings lie outside the years 1 to 9999 and are left out");
  const auto& chunks = contents.chunks;
  for (std::size_t begin = 0; begin < chunks.size();) {
    auto end = begin;
    while (end < chunks.size() && chunks[end].day == chunks[begin].day) ++end;
    write_day(contents, begin, end, segment.generation);
    contents.sealed.files.push_back({chunks[begin].day, day_file_name(chunks[begin].day)});
    begin = end;
  }
  auto& sealed = contents.sealed;
  sealed.generation = segment.generation;
  sealed.first_sequence = segment.first_sequence;
  sealed.last_sequence = segment.last_sequence;
  sealed.readings = contents.readings.size();
  sealed.sealed_at_ms = to_ms(clock_.now());
  return catalog_.record(sealed, limits.dead_letter_bytes);
}

void Sealer::write_day(Contents& contents, std::size_t begin, std::size_t end, std::uint64_t generation) {
  auto file = DayFile::open(folder_ / "day" / day_file_name(contents.chunks[begin].day));
  if (file.has(generation)) return;
  DayFile::Seal seal(file, generation);
  ChunkPoints points;
  for (auto c = begin; c < end; ++c) {
    const auto& chunk = contents.chunks[c];
    // A key has room for 1024 pieces; a type more than planned only takes its share of them.
    const auto limit = std::max(points_per_chunk, (chunk.end - chunk.begin) / (pieces_per_chunk_key - value_types) + 1);
    unsigned piece = 0;
    for (unsigned type = 0; type < value_types; ++type) {
      points.clear();
      points.type = static_cast<ValueType>(type);
      const auto flush = [&] {
        if (points.size() > 0) seal.add(chunk.series, chunk.hour, piece++, points);
        points.clear();
      };
      for (auto i = chunk.begin; i < chunk.end; ++i) {
        const auto& r = contents.readings[contents.order[i]];
        if (r.type != points.type) continue;
        points.ts.push_back(to_ms(r.ts));
        points.source.push_back(r.source);
        switch (r.type) {
          case ValueType::integer:
            points.integers.push_back(r.integer);
            break;
          case ValueType::text:
            points.texts.push_back({static_cast<std::uint32_t>(points.arena.size()), r.text.length});
            points.arena += std::string_view(contents.text).substr(r.text.offset, r.text.length);
            break;
          case ValueType::number:
          case ValueType::boolean:
            points.numbers.push_back(r.number);
            break;
        }
        if (points.size() == limit) flush();
      }
      flush();
    }
    const auto* series = directory_.series(chunk.series);
    const auto* device = series != nullptr ? directory_.device(series->device) : nullptr;
    if (device != nullptr) seal.name(*device, *series);
  }
  fail_point("seal-before-commit");
  seal.commit();
  fail_point("seal-after-commit");
}

std::size_t Sealer::drop_days_before(std::int64_t oldest_day) {
  catalog_.forget_day_files_before(oldest_day);
  // The names say what to remove, not the manifest: a kill right here leaves files that no manifest knows.
  const auto first_kept = day_file_name(oldest_day);
  std::vector<fs::path> outlived;  // with their -wal and -shm
  for (const auto& entry : fs::directory_iterator(folder_ / "day"))
    if (entry.is_regular_file() && entry.path().filename().string() < first_kept) outlived.push_back(entry.path());
  if (outlived.empty()) return 0;
  for (const auto& file : outlived) fs::remove(file);
  const auto days = static_cast<std::size_t>(
      std::count_if(outlived.begin(), outlived.end(), [](const fs::path& f) { return f.extension() == ".db"; }));
  log_.info("store", "retention: " + std::to_string(days) + " day files removed");
  return days;
}

}  // namespace telltale::store
