#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "bench/process_usage.hpp"
#include "bench/telemetry.hpp"
#include "proto/batch.hpp"
#include "proto/clock.hpp"
#include "store/store.hpp"
#include "tests/support/recording.hpp"

namespace telltale::bench {

/// The calendar of the data, which runs thousands of times faster than the world's. Deadlines go by the real clock, or
/// by the data's when a pace is simulated. Threads: any.
class DataClock final : public Clock {
 public:
  explicit DataClock(std::int64_t start_ms) : now_ms_(start_ms) {}
  [[nodiscard]] Timestamp now() const override { return from_ms(now_ms_.load()); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::now() + std::chrono::microseconds(ahead_us_.load());
  }
  void set(std::int64_t now_ms) { now_ms_ = std::max(now_ms_.load(), now_ms); }
  /// As if so much more time had passed.
  void hurry(std::chrono::microseconds by) { ahead_us_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> ahead_us_{0};
};

/// Says warnings and errors of the store on standard error.
class Complaints final : public proto::Logger {
 public:
  void write(proto::LogLevel level, std::string_view component, std::string_view message) override;
};

/// Drives a store as the service's writer does, without network: batches go in as fast as they are made, segments
/// rotate, every position counts as checkpointed. The writer waits while two finished segments are unsealed, so that a
/// rate is one that can be kept up. Threads: one.
class StoreLoad {
 public:
  struct Options {
    std::filesystem::path folder;
    TelemetryShape shape;
    std::uint32_t batch = 10'000;      // readings per sync
    std::uint64_t rotate = 4'000'000;  // readings per segment
    std::uint32_t first_series = 1;    // series and devices are numbered from here
    std::uint64_t paced_per_s = 0;     // deadlines pass as if so many readings came in a second; 0 = real time
    bool clock_follows = true;         // the calendar follows the data; else it stands, and no day closes
  };
  static constexpr std::uint32_t metrics_per_device = 10;

  explicit StoreLoad(const Options& options);

  /// Appends so many readings.
  void append(std::uint64_t readings);
  /// Ends the segment, whatever it holds.
  void rotate();
  /// Waits until every finished segment is in the day files and gone.
  void seal_all();
  /// Lets the calendar run until every day may be closed, waits until all are, and closes the store. Seconds.
  [[nodiscard]] double close_days();
  /// Waits until every day is closed that is over by the data's calendar.
  void close_past_days();

  [[nodiscard]] const std::vector<double>& append_seconds() const noexcept { return append_seconds_; }
  [[nodiscard]] double waited_seconds() const noexcept { return waited_seconds_; }  // for the seal
  [[nodiscard]] std::uint64_t readings() const noexcept { return readings_; }
  [[nodiscard]] const Telemetry& telemetry() const noexcept { return telemetry_; }

  [[nodiscard]] static std::int64_t end_ms(const TelemetryShape& shape, std::uint64_t readings) {
    return shape.start_ms + static_cast<std::int64_t>(readings / shape.series) * shape.period_ms;
  }

 private:
  void announce(proto::Batch& batch, std::uint32_t series) const;
  std::shared_ptr<proto::Batch> next_batch(std::uint32_t readings);
  void put(std::shared_ptr<proto::Batch> batch);
  void wait_for_segments(std::size_t most);
  [[nodiscard]] bool days_closed() const;

  const Options options_;
  Telemetry telemetry_;
  DataClock clock_;
  Complaints complaints_;
  test::PlainMetrics metrics_;
  std::unique_ptr<store::Store> store_;
  std::uint32_t announced_ = 0;  // series
  std::uint64_t readings_ = 0;
  proto::LogPosition newest_;
  std::vector<double> append_seconds_;
  double waited_seconds_ = 0;
};

}  // namespace telltale::bench
