#pragma once

#include "store/day.hpp"
#include "tests/store/fixture.hpp"

namespace telltale::test {

inline constexpr int batches_per_segment = 5;
inline constexpr std::uint32_t crash_series = 3;

/// Batch i: one reading of each series, on alternating days, so that each segment touches two day files.
inline std::int64_t crash_ts(int i) { return start_ms + i * 1000 + (i % 2) * store::day_ms; }

inline std::shared_ptr<proto::Batch> crash_batch(int i) {
  auto batch = batch_of({}, start_ms + i);
  for (std::uint32_t s = 1; s <= crash_series; ++s) batch->readings.push_back(number(s, crash_ts(i), i + s / 10.0));
  if (i == 0) add_names(*batch, crash_series);
  batch->add(proto::DeadLetter{proto::DeadLetterReason::bad_json, "t" + std::to_string(i), "x", 1, "", device_1});
  return batch;
}

inline store::StoreOptions crash_options(const std::filesystem::path& folder) {
  store::StoreOptions options;
  options.path = folder;
  options.reserve_bytes = 1;
  options.recent_hours = 0;
  return options;
}

}  // namespace telltale::test
