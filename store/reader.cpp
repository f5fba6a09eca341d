#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>
#include <variant>

#include "store/day.hpp"
#include "store/downsample.hpp"
#include "store/fleet_moments.hpp"
#include "store/latest_table.hpp"
#include "store/pieces.hpp"
#include "store/query.hpp"
#include "store/read_view.hpp"
#include "store/series_moments.hpp"
#include "store/statistics.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

/// No reading is stored outside the years that have a day file.
std::int64_t begin_of(Range range) { return std::max(to_ms(range.from), first_day * day_ms); }
std::int64_t end_of(Range range) { return std::min(to_ms(range.to), (last_day + 1) * day_ms); }

Points read_points(ReadView& view, SeriesId series, std::int64_t from, std::int64_t to) {
  Points out;
  if (from >= to || view.removed().has(series)) return out;
  auto parts = view.log().readings(series, from, to);
  for (auto& part : parts) part.points.merge();
  Pieces pieces(series, view);
  pieces.add(parts, from, to);
  const auto& days = view.days();
  for (auto day = std::ranges::lower_bound(days, day_of(from), {}, &ReadView::Day::day);
       day != days.end() && day->day <= day_of(to - 1); ++day)
    for (const auto& file : day->files) {
      auto opened = view.open_for_reads(file);
      if (view.decoded() != nullptr) {
        auto heads = opened.file->heads(series, from, to);
        pieces.add(std::move(opened), std::move(heads));
      } else {
        auto chunks = opened.file->chunks(series, from, to);
        pieces.add(std::move(opened), std::move(chunks));
      }
    }
  pieces.each_group([&](std::span<Piece> group) { pieces.read(group, from, to, out); });
  return out;
}

std::vector<Sample> samples_of(const Points& points) {
  std::vector<Sample> out;
  out.reserve(points.readings.size());
  for (const auto& r : points.readings)
    if (r.numeric() && std::isfinite(r.as_double())) out.push_back({r.ts, r.as_double()});
  return out;
}

std::vector<SummaryBucket> summaries_of(const std::vector<MomentsBucket>& buckets, Millis step) {
  std::vector<SummaryBucket> out;
  out.reserve(buckets.size());
  for (const auto& [bucket, moments] : buckets) out.push_back({from_ms(bucket * step.count()), moments.summary()});
  return out;
}

Summary overall(const std::vector<MomentsBucket>& buckets) {
  return buckets.empty() ? Summary{} : buckets.front().moments.summary();
}

std::vector<LatestRow> latest_rows(const LatestTable& table) {
  std::vector<LatestRow> out;
  out.reserve(table.readings().size());
  for (const auto& reading : table.readings()) out.push_back({reading.series, to_row(reading, table.arena())});
  return out;
}

bool sound(const std::vector<MomentsBucket>& buckets) {
  return std::ranges::all_of(buckets, [](const MomentsBucket& b) { return b.moments.stddev_is_sound(); });
}

Reading to_reading(SeriesId series, const Row& row) {
  Reading r{};
  r.ts = row.ts;
  r.series = series;
  r.type = row.type;
  r.source = row.source;
  if (row.type == ValueType::integer) {
    r.integer = row.integer;
  } else if (row.type != ValueType::text) {
    r.number = row.number;
  }
  return r;
}

/// Of all series or those named, by time. A few are looked up one by one rather than among all.
std::vector<Stretch> stretches_of(ReadView& view, const std::unordered_set<SeriesId>* series,
                                  const MomentsQuery& query) {
  constexpr std::size_t few = 16;
  std::vector<Stretch> out;
  if (series != nullptr && series->size() <= few) {
    for (const auto id : std::set(series->begin(), series->end())) {
      const auto one = series_stretches(view, id, query);
      out.insert(out.end(), one.begin(), one.end());
    }
  } else {
    out = fleet_stretches(view, series, query);
  }
  std::ranges::stable_sort(out, {}, &Stretch::t);
  return out;
}

}  // namespace

class Reader::Impl {
 public:
  Impl(fs::path folder, const ReaderOptions& options) : view_(std::move(folder), options) {}

  void hold() { state_ = State::wanted; }

  /// Answers from what is there now, or was there when it was held. A file may go between listing and opening it: what
  /// is there is listed anew then.
  template <class Question>
  auto ask(Question&& question) {
    constexpr int attempts = 16;
    for (int attempt = 1;; ++attempt) {
      try {
        view_.check_stop();
        if (state_ != State::held) view_.refresh();
        if (state_ == State::wanted) state_ = State::held;
        return question(view_);
      } catch (const Vanished& vanished) {
        if (attempt == attempts) throw StoreFailure(vanished.file + ": listed in the catalog but not there");
        view_.look_again();
        if (state_ == State::held) state_ = State::wanted;
      }
    }
  }

  Points points(SeriesId series, Range range) {
    return ask([&](ReadView& view) { return read_points(view, series, begin_of(range), end_of(range)); });
  }
  std::vector<Sample> samples(SeriesId series, Range range) { return samples_of(points(series, range)); }

  /// For one aggregate, or all of them.
  std::vector<MomentsBucket> moments(SeriesId series, Range range, Millis step, std::optional<Aggregate> what) {
    if (step.count() <= 0) return {};
    const bool with_stddev = !what || what == Aggregate::stddev;
    return ask([&](ReadView& view) {
      MomentsQuery query{begin_of(range), end_of(range), step.count()};
      if (what == Aggregate::avg || what == Aggregate::sum || what == Aggregate::count)
        query.columns = RollupColumns::sum;
      auto buckets = fold(series_stretches(view, series, query), query);
      if (!with_stddev || sound(buckets)) return buckets;
      query.source = MomentsQuery::From::readings;
      return fold(series_stretches(view, series, query), query);
    });
  }

  std::vector<MomentsBucket> fleet(const std::unordered_set<SeriesId>* series, Range range, std::int64_t step) {
    return ask([&](ReadView& view) {
      MomentsQuery query{begin_of(range), end_of(range), step};
      auto stretches = stretches_of(view, series, query);
      auto buckets = fold(stretches, query);
      if (sound(buckets)) return buckets;
      query.source = MomentsQuery::From::readings;
      stretches = stretches_of(view, series, query);
      return fold(stretches, query);
    });
  }

  /// All newest readings, sealed or not.
  LatestTable latest() {
    return ask([&](ReadView& view) {
      LatestTable all = sealed(view);
      view.log().each_latest([&](std::uint64_t generation, const Reading& r, std::string_view text) {
        if (!view.removed().has(r.series)) all.add(generation, r, text);
      });
      all.settle();
      return all;
    });
  }

  /// Precondition: `series` is ascending. Few are looked up one by one rather than by reading the whole table.
  LatestTable latest(std::span<const SeriesId> series) {
    constexpr std::size_t few = 100;
    return ask([&](ReadView& view) {
      LatestTable some;
      if (knows_sealed(view) || series.size() > few) {
        some.add(series, sealed(view));
      } else {
        for (const auto id : series)
          if (const auto found = view.catalog().latest(id); found && !view.removed().has(id))
            some.add(found->generation, to_reading(id, found->row), found->row.text);
      }
      view.log().each_latest(series, [&](std::uint64_t generation, const Reading& r, std::string_view text) {
        if (!view.removed().has(r.series)) some.add(generation, r, text);
      });
      some.settle();
      return some;
    });
  }

  std::shared_ptr<const Directory> directory() {
    return ask([&](ReadView& view) {
      const std::pair version{view.catalog_version(), view.log().directory_version()};
      if (!directory_ || version != directory_version_) {
        DirectoryBuilder builder;
        view.catalog().load(builder);
        view.log().each_directory_event([&](const Event& event) { builder.apply(event); });
        directory_ = std::make_shared<const Directory>(builder.directory());
        directory_version_ = version;
      }
      return directory_;
    });
  }

  Directory directory_with_stamps() {
    return ask([](ReadView& view) {
      DirectoryBuilder builder;
      view.catalog().load(builder);
      view.log().each_batch([&](const Batch& batch) { builder.apply(batch); });
      return builder.directory();
    });
  }

  std::vector<DeadLetterRow> dead_letters(std::size_t limit) {
    return ask([&](ReadView& view) {
      const auto removals = view.log().removals();
      const auto removed = [&](std::int64_t id, const DeadLetter& letter) {
        return std::ranges::any_of(removals, [&](const Removal& r) {
          return letter_id(r.sequence, r.index) > id && concerns(r.what, letter.device, letter.topic);
        });
      };
      std::map<std::int64_t, DeadLetterRow> by_id;
      for (auto& row : view.catalog().dead_letters(limit, removals)) by_id.emplace(row.id, std::move(row));
      view.log().each_letter_batch([&](const Batch& batch) {
        for (std::uint32_t i = 0; i < batch.events.size(); ++i) {
          const auto* letter = std::get_if<DeadLetter>(&batch.events[i].event);
          if (letter == nullptr) continue;
          const auto id = letter_id(batch.position.sequence, i);
          if (removed(id, *letter)) continue;
          by_id.insert_or_assign(
              id, DeadLetterRow{id, batch.log_time, std::string(to_string(letter->reason)), letter->topic,
                                letter->payload, letter->detail, letter->payload_bytes});
          if (by_id.size() > limit) by_id.erase(by_id.begin());
        }
      });
      std::vector<DeadLetterRow> out;
      for (auto row = by_id.rbegin(); row != by_id.rend(); ++row) out.push_back(std::move(row->second));
      return out;
    });
  }

 private:
  [[nodiscard]] bool knows_sealed(const ReadView& view) const {
    return latest_version_ == view.catalog_version() && latest_removed_ == view.removed().size();
  }
  const LatestTable& sealed(ReadView& view) {
    if (!knows_sealed(view)) {
      sealed_latest_ = view.sealed_latest();
      latest_version_ = view.catalog_version();
      latest_removed_ = view.removed().size();
    }
    return sealed_latest_;
  }

  enum class State : std::uint8_t { free, wanted, held };

  ReadView view_;
  State state_ = State::free;
  LatestTable sealed_latest_;
  std::int64_t latest_version_ = -1;
  std::size_t latest_removed_ = 0;
  std::shared_ptr<const Directory> directory_;
  std::pair<std::int64_t, std::uint64_t> directory_version_;
};

Reader::Reader(fs::path folder, ReaderOptions options) : impl_(std::make_unique<Impl>(std::move(folder), options)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

void Reader::hold() const { impl_->hold(); }

Directory Reader::directory() const { return impl_->directory_with_stamps(); }
std::shared_ptr<const Directory> Reader::shared_directory() const { return impl_->directory(); }

std::string Reader::revision(Range range, std::span<const SeriesId> series) const {
  return impl_->ask([&](ReadView& view) { return view.revision(begin_of(range), end_of(range), series); });
}
std::string Reader::latest_revision(std::span<const SeriesId> series) const {
  return impl_->ask([&](ReadView& view) { return view.latest_revision(series); });
}
std::string Reader::directory_revision() const {
  return impl_->ask([](ReadView& view) { return view.directory_revision(); });
}

std::vector<Row> Reader::rows(SeriesId series, Range range) const {
  const auto points = impl_->points(series, range);
  std::vector<Row> out;
  out.reserve(points.readings.size());
  for (std::size_t i = 0; i < points.readings.size(); ++i) out.push_back(points.row(i));
  return out;
}

std::vector<Bucket> Reader::aggregate(SeriesId series, Range range, Millis step, Aggregate what) const {
  std::vector<Bucket> out;
  for (const auto& [bucket, moments] : impl_->moments(series, range, step, what))
    out.push_back({from_ms(bucket * step.count()), moments.value(what)});
  return out;
}

std::vector<SummaryBucket> Reader::summaries(SeriesId series, Range range, Millis step) const {
  return summaries_of(impl_->moments(series, range, step, std::nullopt), step);
}

std::optional<Row> Reader::latest(SeriesId series) const {
  const auto table = impl_->latest(std::span(&series, 1));
  if (table.readings().empty()) return std::nullopt;
  return to_row(table.readings().front(), table.arena());
}

std::vector<LatestRow> Reader::latest() const { return latest_rows(impl_->latest()); }

std::vector<LatestRow> Reader::latest(std::span<const SeriesId> series) const {
  std::vector<SeriesId> ascending(series.begin(), series.end());
  std::ranges::sort(ascending);
  const auto repeated = std::ranges::unique(ascending);
  ascending.erase(repeated.begin(), repeated.end());
  return latest_rows(impl_->latest(ascending));
}

std::vector<LatestRow> Reader::latest_of(std::span<const DeviceKey> devices) const {
  const std::unordered_set<DeviceKey> wanted(devices.begin(), devices.end());
  std::vector<SeriesId> series;
  for (const auto& s : impl_->directory()->series)
    if (wanted.contains(s.device)) series.push_back(s.id);
  return latest_rows(impl_->latest(series));
}

std::vector<Sample> Reader::downsampled(SeriesId series, Range range, std::size_t points, Downsampling how) const {
  return downsample(impl_->samples(series, range), points, how);
}

std::array<Summary, 24> Reader::hour_profile(SeriesId series, Range range, std::chrono::minutes utc_offset) const {
  return store::hour_profile(impl_->samples(series, range), utc_offset);
}

std::optional<Completeness> Reader::completeness(SeriesId series, Range range, std::optional<Millis> period) const {
  std::vector<Timestamp> times;
  for (const auto& reading : impl_->points(series, range).readings) times.push_back(reading.ts);
  return store::completeness(times, range, period);
}

std::vector<DayChange> Reader::day_over_day(SeriesId series, Range range) const {
  return store::day_over_day(summaries(series, range, Millis{day_ms}));
}

std::vector<Outlier> Reader::outliers(SeriesId series, Range range, double k) const {
  return store::outliers(impl_->samples(series, range), k);
}

Summary Reader::fleet(Range range) const { return overall(impl_->fleet(nullptr, range, 0)); }

Summary Reader::fleet(std::span<const SeriesId> series, Range range) const {
  const std::unordered_set<SeriesId> wanted(series.begin(), series.end());
  return overall(impl_->fleet(&wanted, range, 0));
}

std::vector<SummaryBucket> Reader::fleet(Range range, Millis step) const {
  if (step.count() <= 0) return {};
  return summaries_of(impl_->fleet(nullptr, range, step.count()), step);
}

std::vector<SummaryBucket> Reader::fleet(std::span<const SeriesId> series, Range range, Millis step) const {
  if (step.count() <= 0) return {};
  const std::unordered_set<SeriesId> wanted(series.begin(), series.end());
  return summaries_of(impl_->fleet(&wanted, range, step.count()), step);
}

std::vector<Reader::DeadLetterRow> Reader::dead_letters(std::size_t limit) const { return impl_->dead_letters(limit); }

}  // namespace telltale::store
