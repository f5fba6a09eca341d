#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proto/batch.hpp"
#include "store/query.hpp"
#include "store/store.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::test {

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("telltale-store-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr std::int64_t start_ms = 1'763'700'000'000;  // 2025-11-21T04:40:00Z
inline const auto series_1 = static_cast<proto::SeriesId>(1);
inline const auto device_1 = static_cast<proto::DeviceKey>(1);

[[nodiscard]] inline proto::Reading number(std::uint32_t series, std::int64_t ts, double value,
                                           proto::TsSource source = proto::TsSource::device) {
  proto::Reading r{};
  r.ts = from_ms(ts);
  r.number = value;
  r.series = static_cast<proto::SeriesId>(series);
  r.type = proto::ValueType::number;
  r.source = source;
  return r;
}
[[nodiscard]] inline proto::Reading integer(std::uint32_t series, std::int64_t ts, std::int64_t value) {
  auto r = number(series, ts, 0);
  r.integer = value;
  r.type = proto::ValueType::integer;
  return r;
}
[[nodiscard]] inline proto::Reading boolean(std::uint32_t series, std::int64_t ts, bool value) {
  auto r = number(series, ts, value ? 1 : 0);
  r.type = proto::ValueType::boolean;
  return r;
}
inline void add_text(proto::Batch& batch, std::uint32_t series, std::int64_t ts, std::string_view value) {
  auto r = number(series, ts, 0);
  r.type = proto::ValueType::text;
  r.text = {static_cast<std::uint32_t>(batch.text.size()), static_cast<std::uint32_t>(value.size())};
  batch.text += value;
  batch.readings.push_back(r);
}

[[nodiscard]] inline std::shared_ptr<proto::Batch> batch_of(std::vector<proto::Reading> readings,
                                                            std::int64_t log_ms = start_ms) {
  auto batch = std::make_shared<proto::Batch>();
  batch->readings = std::move(readings);
  batch->log_time = from_ms(log_ms);
  return batch;
}

/// The devices and series that the tests use: series n is metric "m<n>" of device 1.
inline void add_names(proto::Batch& batch, std::uint32_t series_count) {
  std::vector<proto::PlacedEvent> events{{0, proto::NewDevice{device_1, "default", "site1", "esp32-7"}}};
  for (std::uint32_t n = 1; n <= series_count; ++n)
    events.push_back({0, proto::NewSeries{static_cast<proto::SeriesId>(n), device_1, "m" + std::to_string(n), "Cel"}});
  batch.events.insert(batch.events.begin(), events.begin(), events.end());
}

inline const store::Range everything{from_ms(-4'000'000'000'000), from_ms(9'000'000'000'000)};

/// Waits for what another thread will do; false when it did not within a generous deadline.
[[nodiscard]] inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// What a store needs from outside.
struct World {
  TemporaryFolder folder;
  SimulatedClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  store::StoreOptions options;

  World() {
    options.path = folder.path() / "data";
    options.reserve_bytes = 1;
    options.recent_hours = 0;
  }
  [[nodiscard]] store::Store open() { return store::Store(options, clock, log, metrics); }
  [[nodiscard]] store::Reader reader() const { return store::Reader(options.path); }
  [[nodiscard]] std::size_t files_in(const char* part) const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options.path / part)) {
      const auto extension = entry.path().extension();
      if (entry.is_regular_file() && (extension == ".log" || extension == ".db" || extension == ".bin")) ++n;
    }
    return n;
  }
};

}  // namespace telltale::test
