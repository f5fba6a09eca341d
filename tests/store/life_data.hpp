#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "store/day.hpp"
#include "tests/store/fixture.hpp"

// What the store's kill loop writes: everything follows from the number of a batch, so that a program that was killed
// and one that looks afterwards agree on what has to be there.
namespace telltale::test {

inline constexpr std::uint32_t life_series = 5;
inline constexpr std::int64_t life_raw_days = 3;
inline constexpr int life_batches_per_segment = 4;
inline constexpr std::int64_t life_batch_ms = 101 * 60 * 1000;  // of data and clock a batch: 14 batches a day

inline std::int64_t life_clock_ms(int batch) { return start_ms + batch * life_batch_ms; }

/// Three readings of each series: now, 30 s ago, and one that is late by a day and a half (a closed day) whose time an
/// earlier batch has given already every other time.
inline void life_readings(int batch, std::map<std::uint32_t, std::map<std::int64_t, double>>& into) {
  const auto now = life_clock_ms(batch);
  for (std::uint32_t s = 1; s <= life_series; ++s) {
    into[s][now] = batch + s / 10.0;
    into[s][now - 30'000] = -batch - s / 10.0;
    const int earlier = std::max(0, batch - 21);
    into[s][life_clock_ms(earlier) + (batch % 2)] = batch * 1000.0 + s;
  }
}

inline std::shared_ptr<proto::Batch> life_batch(int batch) {
  auto out = batch_of({}, life_clock_ms(batch));
  std::map<std::uint32_t, std::map<std::int64_t, double>> readings;
  life_readings(batch, readings);
  for (const auto& [series, values] : readings)
    for (const auto& [ts, value] : values) out->readings.push_back(number(series, ts, value));
  if (batch == 0) add_names(*out, life_series);
  return out;
}

inline store::StoreOptions life_options(const std::filesystem::path& folder) {
  store::StoreOptions options;
  options.path = folder;
  options.reserve_bytes = 1;
  options.recent_hours = 0;
  options.raw_retention_days = life_raw_days;
  return options;
}

}  // namespace telltale::test
