#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"
#include "proto/result.hpp"
#include "store/directory.hpp"
#include "store/error.hpp"

namespace telltale::store {

/// One reading as a reader sees it.
struct Row {
  Timestamp ts;
  proto::ValueType type;
  proto::TsSource source;
  double number;         // number, boolean
  std::int64_t integer;  // integer
  std::string text;      // text
};

struct Range {
  Timestamp from;  // included
  Timestamp to;    // excluded
};

enum class Aggregate : std::uint8_t { avg, min, max, sum, count, last, stddev };

struct Bucket {
  Timestamp start;
  double value;
};

/// A finite number (boolean as 1 or 0) at its time.
struct Sample {
  Timestamp ts;
  double value;
  friend bool operator==(const Sample&, const Sample&) = default;
};

enum class Downsampling : std::uint8_t {
  lttb,     // largest triangle three buckets (Steinarsson 2013): keeps the shape
  min_max,  // the least and the largest of each pixel: keeps every peak
};

/// What the finite numeric readings come to; stddev is the population's. With n = 0 the rest is 0.
struct Summary {
  std::uint64_t n = 0;
  double mean = 0, stddev = 0, min = 0, max = 0, sum = 0;
};
struct SummaryBucket {
  Timestamp start;
  Summary summary;
};

struct LatestRow {
  proto::SeriesId series;
  Row row;
};

/// Readings there are, of those there should be.
struct Completeness {
  std::uint64_t seen = 0;      // of any type
  std::uint64_t expected = 0;  // the range divided by the period
  Millis period{0};            // as given, else the median distance of neighbours in the range
  double ratio = 0;            // seen / expected, at most 1
};

/// A day beside the day before it.
struct DayChange {
  Timestamp day;  // its first moment, UTC
  double mean;
  double difference;            // of the mean to the previous day's
  std::optional<double> ratio;  // to the previous mean; none when that is 0
};

struct Outlier {
  Sample sample;
  double z;  // distance from the range's mean in the range's stddev
};

class ChunkCache;

struct ReaderOptions {
  std::size_t open_files = 64;          // day and rollup files kept open between calls, each kind
  std::size_t log_bytes = 128u << 20;   // decoded readings of the unsealed log kept between calls
  std::stop_token stop = {};            // requested: questions under way and later ones throw Interrupted
  std::shared_ptr<ChunkCache> decoded;  // of day files, shared by readers of one folder; none: decoded each time
};

/// Reads a data folder, beside a live service or without one; each call sees everything that was committed before it,
/// or before the first call of several that are held together.
/// Never blocks a writer. Asked again, it is quick: it keeps files open, the manifest, and what it knows of the
/// unsealed log. A file that retention removed is let go at the next call.
/// Errors: StoreFailure; Interrupted. Threads: one object per thread.
class Reader {
 public:
  explicit Reader(std::filesystem::path folder, ReaderOptions options = {});  // throws when it is no data folder
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// From here to the next hold() only the first call looks for what is new: all show at least what was committed by
  /// then. (What a seal brings meanwhile may be in later ones; a file that retention removes makes them look again.)
  void hold() const;

  [[nodiscard]] Directory directory() const;
  /// The same without a copy; newest_ms is that of the sealed readings only. Cost: nothing while nothing was added.
  [[nodiscard]] std::shared_ptr<const Directory> shared_directory() const;

  /// What answers about readings of these series (of all, when none are named) in a range are made of: equal texts,
  /// also of two readers, say that it is the same to the last bit. A day that is closed keeps its part of it until
  /// readings of it come late, or go; of the unsealed log only what came for these series counts.
  /// Cost: microseconds, and a few for each day and each hour of the unsealed log in the range, and each hundred
  /// series.
  [[nodiscard]] std::string revision(Range range, std::span<const proto::SeriesId> series = {}) const;
  /// The same for latest(): it changes with every seal and with what comes for these series. Cost: the same for any
  /// number of days.
  [[nodiscard]] std::string latest_revision(std::span<const proto::SeriesId> series = {}) const;
  /// The same for names and units of devices and series. It changes with every seal, too.
  [[nodiscard]] std::string directory_revision() const;

  /// Ascending by ts; one row per ts, the last arrival wins.
  [[nodiscard]] std::vector<Row> rows(proto::SeriesId series, Range range) const;
  /// Buckets aligned to the epoch; empty buckets are left out, text and values that are not finite too; stddev is the
  /// population's. With a step of whole hours, days whose readings have outlived their retention answer from rollups.
  [[nodiscard]] std::vector<Bucket> aggregate(proto::SeriesId series, Range range, Millis step, Aggregate what) const;
  /// All of it at once for each bucket.
  [[nodiscard]] std::vector<SummaryBucket> summaries(proto::SeriesId series, Range range, Millis step) const;

  /// Newest by event time (lesson 17).
  [[nodiscard]] std::optional<Row> latest(proto::SeriesId series) const;
  /// Those that have one, ascending by series; all series, those named, or all series of the devices named.
  [[nodiscard]] std::vector<LatestRow> latest() const;
  [[nodiscard]] std::vector<LatestRow> latest(std::span<const proto::SeriesId> series) const;
  [[nodiscard]] std::vector<LatestRow> latest_of(std::span<const proto::DeviceKey> devices) const;

  /// At most `points` samples that look like all of them, ascending; all when there are no more. Fewer than two: none.
  [[nodiscard]] std::vector<Sample> downsampled(proto::SeriesId series, Range range, std::size_t points,
                                                Downsampling how) const;
  /// By hour of the day at a distance from UTC.
  [[nodiscard]] std::array<Summary, 24> hour_profile(proto::SeriesId series, Range range,
                                                     std::chrono::minutes utc_offset) const;
  /// None when the period is not given and cannot be seen (fewer than two readings). Precondition: a bounded range.
  [[nodiscard]] std::optional<Completeness> completeness(proto::SeriesId series, Range range,
                                                         std::optional<Millis> period = std::nullopt) const;
  /// UTC days of the range that have readings and follow a day that has.
  [[nodiscard]] std::vector<DayChange> day_over_day(proto::SeriesId series, Range range) const;
  /// Samples with |z| > k. None where nothing varies.
  [[nodiscard]] std::vector<Outlier> outliers(proto::SeriesId series, Range range, double k) const;

  /// Over the readings of many series: those named, or all there are.
  [[nodiscard]] Summary fleet(Range range) const;
  [[nodiscard]] Summary fleet(std::span<const proto::SeriesId> series, Range range) const;
  [[nodiscard]] std::vector<SummaryBucket> fleet(Range range, Millis step) const;
  [[nodiscard]] std::vector<SummaryBucket> fleet(std::span<const proto::SeriesId> series, Range range,
                                                 Millis step) const;

  struct DeadLetterRow {
    std::int64_t id;
    Timestamp at;
    std::string reason, topic, payload, detail;
    std::uint64_t payload_bytes;
  };
  /// Newest first.
  [[nodiscard]] std::vector<DeadLetterRow> dead_letters(std::size_t limit) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
