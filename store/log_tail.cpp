#include "store/log_tail.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "store/batch_codec.hpp"
#include "store/day.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr std::size_t most_run_readings = 1u << 18;
constexpr std::size_t most_run_text_bytes = 64u << 20;

bool overlaps(std::int64_t t_min, std::int64_t t_max, std::int64_t from, std::int64_t to) {
  return t_max >= from && t_min < to;
}

/// Merging like with like keeps the number of runs logarithmic and moves each reading as often.
bool worth_merging(const LogRun& earlier, const LogRun& later) {
  return earlier.size() < 2 * later.size() && earlier.size() + later.size() <= most_run_readings &&
         earlier.text_bytes() + later.text_bytes() <= most_run_text_bytes &&
         std::max(earlier.t_max(), later.t_max()) - std::min(earlier.t_min(), later.t_min()) <= LogRun::most_span_ms;
}

bool changes_directory(const Event& event) {
  return std::holds_alternative<NewDevice>(event) || std::holds_alternative<NewSeries>(event) ||
         std::holds_alternative<SeriesUnit>(event) || std::holds_alternative<DeviceTags>(event) ||
         std::holds_alternative<DevicesRemoved>(event);
}

}  // namespace

LogTail::LogTail(std::filesystem::path log_folder, std::size_t most_bytes, Now now)
    : folder_(std::move(log_folder)), now_(now), folder_changes_(folder_), most_bytes_(most_bytes) {}

void LogTail::refresh() {
  if (folder_changes_.may_have_changed(now_())) {
    list();
    folder_changes_.listed();
  }
  for (auto& [generation, segment] : segments_) walk(segment);
}

void LogTail::list() {
  if (!std::filesystem::exists(folder_)) return;
  const auto files = list_segments(folder_);
  std::erase_if(forgotten_, [&](std::uint64_t generation) {
    return !std::ranges::binary_search(files, generation, {}, &SegmentFile::generation);
  });
  // A segment that goes between listing and opening has been sealed: the catalog, read afterwards, knows where to.
  for (const auto& file : files) {
    if (segments_.contains(file.generation) || forgotten_.contains(file.generation)) continue;
    if (auto scanner = SegmentScanner::open(file.path)) {
      segments_.emplace(file.generation,
                        Segment{file.generation, std::move(*scanner), {}, {}, {}, {}, 0, 0, {}, {}, {}});
      ++directory_version_;
      new_segments_ = true;
    }
  }
}

void LogTail::walk(Segment& segment) {
  BatchHead head;
  while (const auto payload = segment.scanner.next()) {
    if (!decode_head(*payload, head)) continue;
    const Frame frame{segment.scanner.last(), head.readings, to_ms(head.t_min), to_ms(head.t_max)};
    segment.frames.push_back(frame);
    if (head.removes && decode_batch(*payload, batch_)) {
      for (std::uint32_t i = 0; i < batch_.events.size(); ++i) {
        auto* removal = std::get_if<DevicesRemoved>(&batch_.events[i].event);
        if (removal == nullptr) continue;
        removed_.add(*removal);
        segment.removals.push_back({head.sequence, i, head.log_time, std::move(*removal)});
      }
    }
    if (frame.readings == 0) continue;
    const auto at = segment.frames.size() - 1;
    note_hours(segment, frame);
    segment.blocks.push_back({at, at + 1, frame.readings, frame.t_min, frame.t_max, std::nullopt});
  }
}

void LogTail::note_hours(Segment& segment, const Frame& frame) {
  constexpr std::int64_t most_hours = 48;
  const auto end = segment.frames.size();
  const auto first = hour_of(frame.t_min);
  const auto last = hour_of(frame.t_max);
  if (last - first >= most_hours) {
    segment.end_of_wide = end;
    return;
  }
  for (auto hour = first; hour <= last; ++hour) segment.end_of_hour[hour] = end;
}

void LogTail::append_revision(std::int64_t from, std::int64_t to, std::span<const SeriesId> series, std::string& out) {
  learn();
  for (const auto& [generation, segment] : segments_) {
    auto end = segment.end_of_wide;
    for (auto hour = segment.end_of_hour.lower_bound(hour_of(from));
         hour != segment.end_of_hour.end() && hour->first * hour_ms < to; ++hour)
      end = std::max(end, hour->second);
    // A frame of the range and the series is before both ends, so the lesser one moves with it.
    std::size_t end_of_series = 0;
    for (const auto id : series) end_of_series = std::max(end_of_series, segment.newest.end(id));
    if (!series.empty()) end = std::min(end, end_of_series);
    if (end > 0) out += " log " + std::to_string(generation) + ':' + std::to_string(end);
  }
}

void LogTail::append_directory_revision(std::string& out) {
  learn();
  for (const auto& [generation, segment] : segments_)
    out += " log " + std::to_string(generation) + ':' + std::to_string(segment.directory.size());
}

void LogTail::forget(const std::function<bool(std::uint64_t)>& sealed) {
  for (auto it = segments_.begin(); it != segments_.end();) {
    if (!sealed(it->first)) {
      ++it;
      continue;
    }
    for (const auto& block : it->second.blocks)
      if (block.run) kept_bytes_ -= block.run->bytes();
    forgotten_.insert(it->first);
    it = segments_.erase(it);
    ++directory_version_;
  }
  new_segments_ = false;
}

bool LogTail::decode(Segment& segment, std::size_t frame) {
  const auto& place = segment.frames[frame].place;
  const auto bytes = segment.scanner.bytes(place);
  // One whose sync failed is cut off again; its batch is in a later segment.
  if (bytes.size() < place.end - place.begin) return false;
  if (!decode_batch(std::string_view(bytes).substr(frame_header_bytes), batch_)) return false;
  batch_.position.generation = segment.generation;
  return true;
}

bool LogTail::may_keep(const Block& block) const {
  constexpr std::size_t bytes_per_reading = 13;
  return block.end == block.first + 1 && block.t_max - block.t_min <= LogRun::most_span_ms &&
         kept_bytes_ + block.readings * bytes_per_reading <= most_bytes_;
}

/// Decodes what a question about [from, to) needs and may be kept, and merges neighbours.
void LogTail::settle(Segment& segment, std::int64_t from, std::int64_t to) {
  const auto waits = [&](const Block& b) { return !b.run && overlaps(b.t_min, b.t_max, from, to) && may_keep(b); };
  if (std::none_of(segment.blocks.begin(), segment.blocks.end(), waits)) return;
  std::vector<Block> settled;
  settled.reserve(segment.blocks.size());
  for (auto& block : segment.blocks) {
    if (waits(block) && decode(segment, block.first)) {
      block.run.emplace(batch_, block.t_min, block.t_max);
      kept_bytes_ += block.run->bytes();
    }
    settled.push_back(std::move(block));
    while (settled.size() >= 2) {
      auto& later = settled.back();
      auto& earlier = settled[settled.size() - 2];
      if (!earlier.run || !later.run || !worth_merging(*earlier.run, *later.run)) break;
      kept_bytes_ -= earlier.run->bytes() + later.run->bytes();
      earlier.run = LogRun(*earlier.run, *later.run);
      kept_bytes_ += earlier.run->bytes();
      earlier.end = later.end;
      earlier.readings += later.readings;
      earlier.t_min = std::min(earlier.t_min, later.t_min);
      earlier.t_max = std::max(earlier.t_max, later.t_max);
      settled.pop_back();
    }
  }
  segment.blocks = std::move(settled);
}

template <class Visit>
void LogTail::each_frame(Segment& segment, const Block& block, std::int64_t from, std::int64_t to, Visit&& visit) {
  for (auto i = block.first; i < block.end; ++i) {
    const auto& frame = segment.frames[i];
    if (frame.readings > 0 && overlaps(frame.t_min, frame.t_max, from, to) && decode(segment, i)) visit(batch_);
  }
}

std::vector<LogTail::Part> LogTail::readings(SeriesId series, std::int64_t from, std::int64_t to) {
  std::vector<Part> out;
  learn();
  for (auto& [generation, segment] : segments_) {
    if (segment.newest.end(series) == 0) continue;
    settle(segment, from, to);
    Part part{generation, {}};
    for (const auto& block : segment.blocks) {
      if (!overlaps(block.t_min, block.t_max, from, to)) continue;
      if (block.run) {
        block.run->read(series, from, to, part.points);
        continue;
      }
      each_frame(segment, block, from, to, [&](const Batch& batch) {
        for (const auto& r : batch.readings)
          if (r.series == series && to_ms(r.ts) >= from && to_ms(r.ts) < to)
            part.points.add(r, r.type == ValueType::text ? batch.text_of(r) : std::string_view{});
      });
    }
    if (!part.points.readings.empty()) out.push_back(std::move(part));
  }
  return out;
}

void LogTail::each_series(std::int64_t from, std::int64_t to, const std::function<void(SeriesId)>& visit) {
  for (auto& [generation, segment] : segments_) {
    settle(segment, from, to);
    for (const auto& block : segment.blocks) {
      if (!overlaps(block.t_min, block.t_max, from, to)) continue;
      if (block.run) {
        for (const auto series : block.run->series()) visit(static_cast<SeriesId>(series));
        continue;
      }
      each_frame(segment, block, from, to, [&](const Batch& batch) {
        for (const auto& r : batch.readings) visit(r.series);
      });
    }
  }
}

void LogTail::each_time(std::int64_t from, std::int64_t to, const std::function<void(SeriesId, std::int64_t)>& visit) {
  for (auto& [generation, segment] : segments_) {
    settle(segment, from, to);
    for (const auto& block : segment.blocks) {
      if (!overlaps(block.t_min, block.t_max, from, to)) continue;
      if (block.run) {
        for (std::size_t i = 0; i < block.run->series().size(); ++i) {
          const auto series = static_cast<SeriesId>(block.run->series()[i]);
          block.run->times(i, from, to, [&](std::int64_t ts) { visit(series, ts); });
        }
        continue;
      }
      each_frame(segment, block, from, to, [&](const Batch& batch) {
        for (const auto& r : batch.readings)
          if (to_ms(r.ts) >= from && to_ms(r.ts) < to) visit(r.series, to_ms(r.ts));
      });
    }
  }
}

/// Decodes the frames that came since the last time, for what each of them changes.
void LogTail::learn() {
  for (auto& [generation, segment] : segments_) {
    for (; segment.learned < segment.frames.size(); ++segment.learned) {
      if (!decode(segment, segment.learned)) continue;
      for (const auto& r : batch_.readings)
        segment.newest.add(segment.learned, r, r.type == ValueType::text ? batch_.text_of(r) : std::string_view{});
      bool letters = false;
      for (auto& placed : batch_.events) {
        letters = letters || std::holds_alternative<DeadLetter>(placed.event);
        if (!changes_directory(placed.event)) continue;
        segment.directory.push_back(std::move(placed.event));
        ++directory_version_;
      }
      if (letters) segment.letters.push_back(segment.learned);
    }
  }
}

void LogTail::each_latest(const VisitLatest& visit) {
  learn();
  for (const auto& [generation, segment] : segments_)
    segment.newest.each([&, g = generation](const Reading& r, std::string_view text) { visit(g, r, text); });
}

void LogTail::each_latest(std::span<const SeriesId> series, const VisitLatest& visit) {
  learn();
  for (const auto& [generation, segment] : segments_) {
    const auto pass_on = [&, g = generation](const Reading& r, std::string_view text) { visit(g, r, text); };
    for (const auto id : series) segment.newest.one(id, pass_on);
  }
}

void LogTail::each_directory_event(const std::function<void(const Event&)>& visit) {
  learn();
  for (const auto& [generation, segment] : segments_)
    for (const auto& event : segment.directory) visit(event);
}

std::uint64_t LogTail::directory_version() {
  learn();
  return directory_version_;
}

std::vector<Removal> LogTail::removals() const {
  std::vector<Removal> out;
  for (const auto& [generation, segment] : segments_)
    out.insert(out.end(), segment.removals.begin(), segment.removals.end());
  return out;
}

void LogTail::each_batch(const std::function<void(const Batch&)>& visit) {
  for (auto& [generation, segment] : segments_)
    for (std::size_t i = 0; i < segment.frames.size(); ++i)
      if (decode(segment, i)) visit(batch_);
}

void LogTail::each_letter_batch(const std::function<void(const Batch&)>& visit) {
  learn();
  for (auto& [generation, segment] : segments_)
    for (const auto frame : segment.letters)
      if (decode(segment, frame)) visit(batch_);
}

void LogTail::Newest::add(std::size_t frame, const Reading& reading, std::string_view text) {
  const auto id = to_number(reading.series);
  auto& page = pages_[id / page_size];
  if (!page) page = std::make_unique<Page>();
  page->ends.at(id % page_size) = static_cast<std::uint32_t>(frame + 1);
  auto& newest = page->readings.at(id % page_size);
  if (newest.series != SeriesId::none && reading.ts < newest.ts) return;
  newest = reading;
  if (reading.type == ValueType::text) texts_[reading.series] = text;
}

std::string_view LogTail::Newest::text_of(const Reading& reading) const {
  return reading.type == ValueType::text ? std::string_view(texts_.at(reading.series)) : std::string_view{};
}

void LogTail::Newest::each(const std::function<void(const Reading&, std::string_view)>& visit) const {
  for (const auto& [number, page] : pages_)
    for (const auto& reading : page->readings)
      if (reading.series != SeriesId::none) visit(reading, text_of(reading));
}

void LogTail::Newest::one(SeriesId series, const std::function<void(const Reading&, std::string_view)>& visit) const {
  const auto page = pages_.find(to_number(series) / page_size);
  if (page == pages_.end()) return;
  const auto& reading = page->second->readings.at(to_number(series) % page_size);
  if (reading.series != SeriesId::none) visit(reading, text_of(reading));
}

std::size_t LogTail::Newest::end(SeriesId series) const {
  const auto page = pages_.find(to_number(series) / page_size);
  return page == pages_.end() ? 0 : page->second->ends.at(to_number(series) % page_size);
}

}  // namespace telltale::store
