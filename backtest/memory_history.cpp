#include "backtest/memory_history.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "proto/rule.hpp"
#include "store/downsample.hpp"

namespace telltale::backtest {

store::Directory matching(const store::Directory& all, const SeriesPatterns& patterns) {
  store::Directory out;
  std::vector<proto::DeviceKey> devices;
  for (const auto& device : all.devices)
    if (proto::matches(patterns.tenant, device.tenant) && proto::matches(patterns.site, device.site) &&
        proto::matches(patterns.device, device.device))
      devices.push_back(device.key);
  for (const auto& series : all.series)
    if (proto::matches(patterns.metric, series.metric) && std::ranges::binary_search(devices, series.device))
      out.series.push_back(series);
  for (const auto& device : all.devices)
    if (std::ranges::any_of(out.series, [&](const auto& s) { return s.device == device.key; }))
      out.devices.push_back(device);
  return out;
}

MemoryHistory::MemoryHistory(store::Directory directory, std::vector<proto::Reading> readings)
    : directory_(std::move(directory)), readings_(std::move(readings)) {
  const auto place = [](const proto::Reading& r) { return std::tuple(r.ts, r.series); };
  std::ranges::stable_sort(readings_, {}, place);
  // The last of equals stays.
  const auto repeated = std::ranges::unique(readings_.rbegin(), readings_.rend(), {}, place);
  readings_.erase(readings_.begin(), repeated.begin().base());
}

store::Range MemoryHistory::extent() const {
  if (readings_.empty()) return {};
  return {readings_.front().ts, readings_.back().ts + Millis{1}};
}

std::size_t MemoryHistory::first_at(Timestamp ts) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(readings_, ts, {}, &proto::Reading::ts) - readings_.begin());
}

void MemoryHistory::start(store::Range range) {
  range_ = range;
  given_ = false;
}

bool MemoryHistory::next(std::vector<proto::Reading>& piece) {
  piece.clear();
  if (std::exchange(given_, true)) return false;
  const auto from = readings_.begin() + static_cast<std::ptrdiff_t>(first_at(range_.from));
  const auto to = readings_.begin() + static_cast<std::ptrdiff_t>(first_at(range_.to));
  if (from < to) piece.assign(from, to);
  return !piece.empty();
}

std::vector<store::Sample> MemoryHistory::shape(proto::SeriesId series, store::Range range, std::size_t points) {
  std::vector<store::Sample> samples;
  for (auto i = first_at(range.from); i < readings_.size() && readings_[i].ts < range.to; ++i) {
    const auto& r = readings_[i];
    if (r.series == series && r.numeric() && std::isfinite(r.as_double())) samples.push_back({r.ts, r.as_double()});
  }
  return store::downsample(samples, points, store::Downsampling::min_max);
}

}  // namespace telltale::backtest
