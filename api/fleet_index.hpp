#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/directory.hpp"

namespace telltale::api {

struct IndexedSeries {
  proto::SeriesId id;
  std::string_view metric, unit;
};

struct IndexedDevice {
  proto::DeviceKey key;
  std::string_view site, device;
  const std::vector<std::pair<std::string, std::string>>* tags;
  std::vector<IndexedSeries> series;  // by metric
};

/// The devices of each tenant by site and name, with their series. Immutable; the views point into the directory that
/// it keeps. Cost: sorting once for each directory.
class FleetIndex {
 public:
  explicit FleetIndex(std::shared_ptr<const store::Directory> directory);

  [[nodiscard]] std::vector<std::string_view> tenants() const;  // by name
  [[nodiscard]] std::span<const IndexedDevice> devices(std::string_view tenant) const;
  /// By place among them; null when there is none.
  [[nodiscard]] const IndexedDevice* find(std::string_view tenant, std::string_view site,
                                          std::string_view device) const;
  [[nodiscard]] const std::shared_ptr<const store::Directory>& directory() const noexcept { return directory_; }

 private:
  std::shared_ptr<const store::Directory> directory_;
  std::map<std::string, std::vector<IndexedDevice>, std::less<>> tenants_;
};

[[nodiscard]] const IndexedSeries* find_series(const IndexedDevice& device, std::string_view metric);

}  // namespace telltale::api
