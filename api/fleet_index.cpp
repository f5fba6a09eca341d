#include "api/fleet_index.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace telltale::api {

namespace {

auto place(const IndexedDevice& device) { return std::tie(device.site, device.device); }

}  // namespace

FleetIndex::FleetIndex(std::shared_ptr<const store::Directory> directory) : directory_(std::move(directory)) {
  std::unordered_map<proto::DeviceKey, std::vector<IndexedSeries>> series;
  for (const auto& s : directory_->series) series[s.device].push_back({s.id, s.metric, s.unit});
  for (const auto& d : directory_->devices) {
    auto& own = series[d.key];
    std::ranges::sort(own, {}, &IndexedSeries::metric);
    tenants_[d.tenant].push_back({d.key, d.site, d.device, &d.tags, std::move(own)});
  }
  for (auto& [tenant, devices] : tenants_) std::ranges::sort(devices, {}, place);
}

std::vector<std::string_view> FleetIndex::tenants() const {
  std::vector<std::string_view> names;
  for (const auto& [tenant, devices] : tenants_) names.emplace_back(tenant);
  return names;
}

std::span<const IndexedDevice> FleetIndex::devices(std::string_view tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? std::span<const IndexedDevice>{} : found->second;
}

const IndexedDevice* FleetIndex::find(std::string_view tenant, std::string_view site, std::string_view device) const {
  const auto all = devices(tenant);
  const auto found = std::ranges::lower_bound(all, std::tie(site, device), {}, place);
  return found != all.end() && place(*found) == std::tie(site, device) ? &*found : nullptr;
}

const IndexedSeries* find_series(const IndexedDevice& device, std::string_view metric) {
  const auto found = std::ranges::lower_bound(device.series, metric, {}, &IndexedSeries::metric);
  return found != device.series.end() && found->metric == metric ? &*found : nullptr;
}

}  // namespace telltale::api
