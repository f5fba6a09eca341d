#include "store/directory_builder.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace telltale::store {

using namespace proto;

void DirectoryBuilder::add(DeviceEntry device) {
  if (!removed_.has(device.key)) devices_.insert_or_assign(device.key, std::move(device));
}

void DirectoryBuilder::add(SeriesEntry series) {
  if (!removed_.has(series.id)) series_.insert_or_assign(series.id, std::move(series));
}

void DirectoryBuilder::remove(const Removed& removed) {
  removed_.add(removed);
  std::erase_if(devices_, [&](const auto& entry) { return removed_.has(entry.first); });
  std::erase_if(series_, [&](const auto& entry) { return removed_.has(entry.first); });
}

void DirectoryBuilder::apply(const Event& event) {
  if (const auto* removal = std::get_if<DevicesRemoved>(&event)) {
    removed_.add(*removal);
    for (const auto key : removal->devices) devices_.erase(key);
    for (const auto id : removal->series) series_.erase(id);
  } else if (const auto* device = std::get_if<NewDevice>(&event)) {
    if (removed_.has(device->key)) return;
    auto& entry = devices_[device->key];
    entry.key = device->key;
    entry.tenant = device->tenant;
    entry.site = device->site;
    entry.device = device->device;
  } else if (const auto* added = std::get_if<NewSeries>(&event)) {
    if (removed_.has(added->id)) return;
    auto& entry = series_[added->id];
    entry.id = added->id;
    entry.device = added->device;
    entry.metric = added->metric;
    if (entry.unit.empty() || !added->unit.empty()) entry.unit = added->unit;
  } else if (const auto* unit = std::get_if<SeriesUnit>(&event)) {
    if (const auto found = series_.find(unit->id); found != series_.end()) found->second.unit = unit->unit;
  } else if (const auto* tags = std::get_if<DeviceTags>(&event)) {
    if (const auto found = devices_.find(tags->device); found != devices_.end()) found->second.tags = tags->tags;
  }
}

void DirectoryBuilder::apply(const Batch& batch) {
  for (const auto& placed : batch.events) apply(placed.event);
  auto found = series_.end();
  for (const auto& reading : batch.readings) {
    if (found == series_.end() || found->first != reading.series) found = series_.find(reading.series);
    if (found == series_.end()) continue;
    found->second.newest_ms = std::max(found->second.newest_ms, to_ms(reading.ts));
  }
}

const DeviceEntry* DirectoryBuilder::device(DeviceKey key) const {
  const auto found = devices_.find(key);
  return found == devices_.end() ? nullptr : &found->second;
}

const SeriesEntry* DirectoryBuilder::series(SeriesId id) const {
  const auto found = series_.find(id);
  return found == series_.end() ? nullptr : &found->second;
}

Directory DirectoryBuilder::directory() const {
  Directory out;
  out.devices.reserve(devices_.size());
  out.series.reserve(series_.size());
  for (const auto& [key, device] : devices_) out.devices.push_back(device);
  for (const auto& [id, series] : series_) out.series.push_back(series);
  out.devices_end = std::max(out.devices_end, removed_.devices_end());
  out.series_end = std::max(out.series_end, removed_.series_end());
  if (!devices_.empty()) out.devices_end = std::max(out.devices_end, to_number(devices_.rbegin()->first) + 1);
  if (!series_.empty()) out.series_end = std::max(out.series_end, to_number(series_.rbegin()->first) + 1);
  return out;
}

}  // namespace telltale::store
