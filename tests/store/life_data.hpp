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

inline constexpr int life_batches_per_removal = 6;

inline std::int64_t life_clock_ms(int batch) { return start_ms + batch * life_batch_ms; }

/// Every sixth batch removes the device of the next place, which comes back under its old name and new numbers.
inline bool life_removes(int batch) { return batch % life_batches_per_removal == life_batches_per_removal - 1; }
inline std::uint32_t life_removed_place(int batch) {
  return static_cast<std::uint32_t>(batch / life_batches_per_removal) % life_series;
}
/// The number of a place's device and series after `batches` batches: they are given out one after the other.
inline std::uint32_t life_number(std::uint32_t place, int batches) {
  std::uint32_t number = place + 1;
  for (int i = 0; i < batches; ++i)
    if (life_removes(i) && life_removed_place(i) == place)
      number = life_series + 1 + static_cast<std::uint32_t>(i / life_batches_per_removal);
  return number;
}

/// Three readings of each series: now, 30 s ago, and one that is late by a day and a half (a closed day) whose time an
/// earlier batch has given already every other time.
inline void life_readings(int batch, std::map<std::uint32_t, std::map<std::int64_t, double>>& into) {
  const auto now = life_clock_ms(batch);
  if (life_removes(batch)) into.erase(life_number(life_removed_place(batch), batch));
  for (std::uint32_t place = 0; place < life_series; ++place) {
    const auto s = life_number(place, batch + 1);
    into[s][now] = batch + s / 10.0;
    into[s][now - 30'000] = -batch - s / 10.0;
    const int earlier = std::max(0, batch - 21);
    into[s][life_clock_ms(earlier) + (batch % 2)] = batch * 1000.0 + s;
  }
}

inline void life_name(std::uint32_t place, std::uint32_t number, proto::Batch& batch) {
  const auto key = static_cast<proto::DeviceKey>(number);
  batch.add(proto::NewDevice{key, "default", "site1", "d" + std::to_string(place)});
  batch.add(proto::NewSeries{static_cast<proto::SeriesId>(number), key, "m", "Cel"});
}

inline std::shared_ptr<proto::Batch> life_batch(int batch) {
  auto out = batch_of({}, life_clock_ms(batch));
  if (batch == 0)
    for (std::uint32_t place = 0; place < life_series; ++place) life_name(place, place + 1, *out);
  if (life_removes(batch)) {
    const auto place = life_removed_place(batch);
    const auto dead = life_number(place, batch);
    out->readings.push_back(number(dead, life_clock_ms(batch), 1));
    out->add(proto::DevicesRemoved{"default",
                                   "site1",
                                   "d" + std::to_string(place),
                                   "",
                                   "",
                                   {static_cast<proto::DeviceKey>(dead)},
                                   {static_cast<proto::SeriesId>(dead)}});
    life_name(place, life_number(place, batch + 1), *out);
  }
  std::map<std::uint32_t, std::map<std::int64_t, double>> readings;
  life_readings(batch, readings);
  for (const auto& [series, values] : readings)
    for (const auto& [ts, value] : values) out->readings.push_back(number(series, ts, value));
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
