#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
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

/// Reads a data folder, beside a live service or without one; sees everything that was committed before the call.
/// Never blocks a writer. Threads: one object per thread.
class Reader {
 public:
  explicit Reader(std::filesystem::path folder);  // throws StoreFailure when it is no data folder
  ~Reader();

  [[nodiscard]] Directory directory() const;
  /// Ascending by ts; one row per ts, the last arrival wins.
  [[nodiscard]] std::vector<Row> rows(proto::SeriesId series, Range range) const;
  /// Buckets aligned to the epoch; empty buckets are left out; text is left out; stddev is the population's.
  [[nodiscard]] std::vector<Bucket> aggregate(proto::SeriesId series, Range range, Millis step, Aggregate what) const;
  /// Newest by event time (lesson 17).
  [[nodiscard]] std::optional<Row> latest(proto::SeriesId series) const;

  struct DeadLetterRow {
    std::int64_t id;
    Timestamp at;
    std::string reason, topic, payload, detail;
    std::uint64_t payload_bytes;
  };
  /// Newest first.
  [[nodiscard]] std::vector<DeadLetterRow> dead_letters(std::size_t limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
