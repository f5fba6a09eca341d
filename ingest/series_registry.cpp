#include "ingest/series_registry.hpp"

#include <algorithm>

#include "ingest/redelivery.hpp"

namespace telltale::ingest {

SeriesRegistry::SeriesRegistry(const store::Directory& directory, IngestLimits limits, proto::Metrics& metrics)
    : limits_(limits), metrics_(metrics), next_device_(directory.devices_end), next_series_(directory.series_end) {
  std::unordered_map<std::uint32_t, DeviceSlot*> by_key;
  for (const auto& d : directory.devices) {
    DeviceSlot& slot = slots_.emplace_back();
    slot.key = d.key;
    slot.tags_hash = 0;  // tags are logged again once after a restart
    slot.samples = &samples_counter(d.tenant);
    allow({d.tenant, d.site, d.device});
    by_name_.emplace(std::string(key_of({d.tenant, d.site, d.device})), &slot);
    by_key.emplace(to_number(d.key), &slot);
  }
  for (const auto& s : directory.series) {
    const auto device = by_key.find(to_number(s.device));
    if (device == by_key.end()) continue;
    append(*device->second, {s.id, s.metric, s.unit, s.newest_ms});
    ++series_count_;
  }
}

std::string_view SeriesRegistry::key_of(const Identity& who) {
  key_.assign(who.tenant);
  key_ += '/';
  key_ += who.site;
  key_ += '/';
  key_ += who.device;
  return key_;
}

std::string_view SeriesRegistry::name_of(const Identity& who) {
  key_.assign(who.tenant);
  key_ += '/';
  key_ += who.device;
  return key_;
}

Allowance* SeriesRegistry::find_allowance(const Identity& who) {
  if (limits_.device_messages_per_minute == 0) return nullptr;
  const auto it = allowances_.find(name_of(who));
  return it == allowances_.end() ? nullptr : &it->second;
}

void SeriesRegistry::allow(const Identity& who) {
  if (limits_.device_messages_per_minute > 0) allowances_.try_emplace(std::string(name_of(who)));
}

proto::Counter& SeriesRegistry::samples_counter(std::string_view tenant) {
  return metrics_.counter("telltale_samples_ingested_total", "Readings stored, by tenant.",
                          {{"tenant", std::string(tenant)}});
}

DeviceSlot* SeriesRegistry::find(const Identity& who) {
  const auto it = by_name_.find(key_of(who));
  return it == by_name_.end() ? nullptr : it->second;
}

DeviceSlot* SeriesRegistry::find_or_add(const Identity& who, proto::Batch& batch) {
  if (auto* known = find(who)) return known;
  if (devices() >= limits_.max_devices) return nullptr;
  DeviceSlot& slot = new_slot();
  slot.key = static_cast<proto::DeviceKey>(next_device_++);
  slot.samples = &samples_counter(who.tenant);
  allow(who);
  by_name_.emplace(std::string(key_of(who)), &slot);
  batch.add(proto::NewDevice{slot.key, std::string(who.tenant), std::string(who.site), std::string(who.device)});
  return &slot;
}

DeviceSlot& SeriesRegistry::new_slot() {
  if (free_.empty()) return slots_.emplace_back();
  auto& slot = *free_.back();
  free_.pop_back();
  return slot = {};
}

void SeriesRegistry::forget(NameMap<DeviceSlot*>::iterator device, proto::DevicesRemoved& removal) {
  auto* slot = device->second;
  removal.devices.push_back(slot->key);
  for (const auto& series : slot->series) removal.series.push_back(series.id);
  series_count_ -= slot->series.size();
  free_.push_back(slot);
  by_name_.erase(device);
}

void SeriesRegistry::remove(proto::DevicesRemoved asked, proto::Batch& batch) {
  constexpr std::string_view all = "-";
  if (asked.device != all) {
    const auto found = by_name_.find(key_of({asked.tenant, asked.site, asked.device}));
    if (found != by_name_.end()) forget(found, asked);
  } else {
    const auto prefix = asked.tenant + '/' + (asked.site == all ? "" : asked.site + '/');
    for (auto it = by_name_.begin(); it != by_name_.end();) {
      const auto device = it++;
      if (device->first.starts_with(prefix)) forget(device, asked);
    }
  }
  std::ranges::sort(asked.devices);
  std::ranges::sort(asked.series);
  batch.add(std::move(asked));
}

std::optional<std::size_t> SeriesRegistry::find_series(const DeviceSlot& device, std::string_view metric,
                                                       std::size_t hint) {
  const auto& series = device.series;
  if (hint < series.size() && series[hint].metric == metric) return hint;
  if (!device.index.empty()) {
    const auto it = device.index.find(metric);
    return it == device.index.end() ? std::nullopt : std::optional(it->second);
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].metric == metric) return i;
  }
  return std::nullopt;
}

std::size_t SeriesRegistry::append(DeviceSlot& device, SeriesSlot slot) {
  constexpr std::size_t linear_search_up_to = 32;
  device.series.push_back(std::move(slot));
  const std::size_t n = device.series.size();
  if (n > linear_search_up_to) {
    for (std::size_t i = device.index.size(); i < n; ++i) device.index.emplace(device.series[i].metric, i);
  }
  return n - 1;
}

bool SeriesRegistry::room_for(std::size_t count, Timestamp now) {
  if (series_count_ + count > limits_.max_series) return false;
  if (limits_.new_series_per_minute == 0) return true;
  const auto minute = to_ms(now) / 60'000;
  if (minute != minute_) {
    minute_ = minute;
    new_this_minute_ = 0;
  }
  return new_this_minute_ + count <= limits_.new_series_per_minute;
}

std::size_t SeriesRegistry::add_series(DeviceSlot& device, std::string_view metric, std::string_view unit,
                                       proto::Batch& batch) {
  const auto id = static_cast<proto::SeriesId>(next_series_++);
  ++series_count_;
  ++new_this_minute_;
  batch.add(proto::NewSeries{id, device.key, std::string(metric), std::string(unit)});
  return append(device, {id, std::string(metric), std::string(unit), 0});
}

}  // namespace telltale::ingest
