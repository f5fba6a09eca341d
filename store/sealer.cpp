#include "store/sealer.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "store/batch_codec.hpp"
#include "store/chunk_cut.hpp"
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

}  // namespace

/// A segment in memory, then sorted: `order` lists readings by series and time, one per (series, ts).
struct Sealer::Contents {
  std::vector<Reading> readings;
  std::string text;
  std::vector<std::uint32_t> order;
  struct Chunk {  // order[begin, end): readings of one series in one hour
    std::int64_t day;
    const RetentionClass* klass;
    unsigned hour;
    SeriesId series;
    std::uint32_t begin, end;
  };
  std::vector<Chunk> chunks;
  Catalog::Sealed sealed;
  std::uint64_t out_of_time = 0;  // readings

  void sort();

 private:
  void sort_by_series();
};

/// Counting sorts from the lowest digit of the series number to the highest: stable, so that arrival order remains
/// within a series. Digits that all have in common cost nothing.
void Sealer::Contents::sort_by_series() {
  constexpr unsigned digit_bits = 11;
  constexpr std::uint32_t digit_mask = (1u << digit_bits) - 1;
  constexpr unsigned number_bits = 32;
  order.resize(readings.size());
  std::iota(order.begin(), order.end(), 0u);
  std::uint32_t different = 0;  // bits in which some number differs from the first
  for (const auto& reading : readings) different |= to_number(reading.series) ^ to_number(readings[0].series);
  std::vector<std::uint32_t> sorted(order.size());
  for (unsigned shift = 0; shift < number_bits; shift += digit_bits) {
    if ((different >> shift & digit_mask) == 0) continue;
    const auto digit = [&](std::uint32_t index) { return to_number(readings[index].series) >> shift & digit_mask; };
    std::vector<std::uint32_t> starts(digit_mask + 2, 0);
    for (const auto index : order) ++starts[digit(index) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const auto index : order) sorted[starts[digit(index)]++] = index;
    order.swap(sorted);
  }
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

Sealer::Sealer(fs::path folder, Catalog& catalog, DayClose& close, const RetentionPolicy& retention, const Clock& clock,
               Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), close_(close), retention_(retention), clock_(clock), log_(log) {
  catalog_.load(directory_);
}

const RetentionClass& Sealer::class_of(SeriesId id) const {
  const auto* series = directory_.series(id);
  const auto* device = series != nullptr ? directory_.device(series->device) : nullptr;
  return retention_.of_tenant(device != nullptr ? std::string_view(device->tenant) : std::string_view());
}

void Sealer::cut(Contents& contents) const {
  const auto& readings = contents.readings;
  const auto& order = contents.order;
  const auto today = day_of(to_ms(clock_.now()));
  auto& chunks = contents.chunks;
  const RetentionClass* klass = nullptr;
  for (std::uint32_t begin = 0; begin < order.size();) {
    const auto& first = readings[order[begin]];
    const auto hour = hour_of(to_ms(first.ts));
    auto end = begin + 1;
    while (end < order.size() && readings[order[end]].series == first.series &&
           hour_of(to_ms(readings[order[end]].ts)) == hour)
      ++end;
    if (klass == nullptr || chunks.empty() || chunks.back().series != first.series) klass = &class_of(first.series);
    const auto day = floor_divide(hour, 24);
    if (day < first_day || day > last_day) {
      contents.out_of_time += end - begin;
    } else if (day >= today - klass->raw_days) {
      chunks.push_back({day, klass, static_cast<unsigned>(hour - day * 24), first.series, begin, end});
    }
    begin = end;
  }
  std::sort(chunks.begin(), chunks.end(), [](const Contents::Chunk& a, const Contents::Chunk& b) {
    return std::tie(a.day, a.klass->name, a.hour, a.series) < std::tie(b.day, b.klass->name, b.hour, b.series);
  });
}

std::uint64_t Sealer::read(const SegmentInfo& segment, Contents& contents) {
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
      if (auto* removal = std::get_if<DevicesRemoved>(&event)) {
        std::erase_if(contents.sealed.letters, [&](const Catalog::Letter& earlier) {
          return concerns(*removal, earlier.letter.device, earlier.letter.topic);
        });
        contents.sealed.removals.push_back({batch.position.sequence, i, batch.log_time, std::move(*removal)});
      } else if (auto* letter = std::get_if<DeadLetter>(&event)) {
        contents.sealed.letters.push_back({batch.position.sequence, i, batch.log_time, std::move(*letter)});
      } else if (std::holds_alternative<NewDevice>(event) || std::holds_alternative<NewSeries>(event) ||
                 std::holds_alternative<SeriesUnit>(event) || std::holds_alternative<DeviceTags>(event)) {
        contents.sealed.directory.push_back(std::move(event));
      }
    }
  }
  if (const auto& removed = directory_.removed(); removed.size() > 0)
    std::erase_if(contents.readings, [&](const Reading& reading) { return removed.has(reading.series); });
  damaged.insert(damaged.end(), scanner->damage().begin(), scanner->damage().end());
  Disk disk;
  return quarantine(folder_ / "log", segment.generation, *scanner, damaged, disk, log_);
}

Sealer::Outcome Sealer::seal(const SegmentInfo& segment, std::uint64_t dead_letter_bytes) {
  Outcome outcome;
  if (catalog_.is_sealed(segment.generation)) return outcome;
  Contents contents;
  outcome.damaged = read(segment, contents);
  contents.sort();
  cut(contents);
  if (contents.out_of_time > 0)
    log_.error("store", "segment " + std::to_string(segment.generation) + ": " + std::to_string(contents.out_of_time) +
                            " readings lie outside the years 1 to 9999 and are left out");
  const auto& chunks = contents.chunks;
  for (std::size_t begin = 0; begin < chunks.size();) {
    auto end = begin;
    while (end < chunks.size() && chunks[end].day == chunks[begin].day && chunks[end].klass == chunks[begin].klass)
      ++end;
    write_day(contents, begin, end, segment.generation);
    begin = end;
  }
  auto& sealed = contents.sealed;
  sealed.generation = segment.generation;
  sealed.first_sequence = segment.first_sequence;
  sealed.last_sequence = segment.last_sequence;
  sealed.readings = contents.readings.size();
  sealed.sealed_at_ms = to_ms(clock_.now());
  outcome.dropped_letters = catalog_.record(sealed, dead_letter_bytes);
  return outcome;
}

/// Into the day's open file, which is begun when there is none.
void Sealer::write_day(Contents& contents, std::size_t begin, std::size_t end, std::uint64_t generation) {
  const auto day = contents.chunks[begin].day;
  auto group = day_group(catalog_, day, contents.chunks[begin].klass->name);
  const auto path = [&](const Catalog::DayFile& file) { return folder_ / "day" / file.name; };
  const bool late = group.closed() != nullptr;
  if (late && DayFile::open_closed(path(*group.closed())).has(generation)) return;
  const bool known = group.open() != nullptr;
  if (!known) {
    const DayFileName name{day, group.klass, group.next_rev()};
    group.files.push_back({day, group.klass, name.rev, to_string(name), false});
  }
  contents.sealed.files.push_back(*group.open());
  // A kill or an error may have left a file of this name that never got into the manifest. What is in it is elsewhere.
  if (!known) remove_day_file(path(*group.open()));
  std::vector<SeriesId> touched;
  for (auto c = begin; c < end; ++c) touched.push_back(contents.chunks[c].series);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  auto file = known ? open_for_sealing(path(*group.open())) : DayFile::open(path(*group.open()));
  if (!file.has(generation)) {
    DayFile::Seal seal(file, generation);
    for (auto c = begin; c < end; ++c) {
      const auto& chunk = contents.chunks[c];
      // A key has room for 1024 pieces; a type more than planned only takes its share of them.
      const auto limit =
          std::max(points_per_chunk, (chunk.end - chunk.begin) / (pieces_per_chunk_key - value_types) + 1);
      unsigned piece = 0;
      cut_chunks(
          chunk.end - chunk.begin, limit, contents.text, scratch_,
          [&](std::size_t i) -> const Reading& { return contents.readings[contents.order[chunk.begin + i]]; },
          [&](const ChunkPoints& points) { seal.add(chunk.series, chunk.hour, piece++, points); });
    }
    for (const auto id : touched) {
      const auto* series = directory_.series(id);
      const auto* device = series != nullptr ? directory_.device(series->device) : nullptr;
      if (device != nullptr) seal.name(*device, *series);
    }
    fail_point("seal-before-commit");
    seal.commit();
    fail_point("seal-after-commit");
  }
  if (!late) return;
  // Late readings: the day's rollups are there already. A repeated seal does this again: they are replaced.
  close_.roll_up(group, touched);
}

}  // namespace telltale::store
