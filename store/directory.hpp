#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "proto/reading.hpp"

namespace telltale::store {

struct DeviceEntry {
  proto::DeviceKey key;
  std::string tenant, site, device;
  std::vector<std::pair<std::string, std::string>> tags;
};

struct SeriesEntry {
  proto::SeriesId id;
  proto::DeviceKey device;
  std::string metric;
  std::string unit;
  std::int64_t newest_ms = 0;  // newest time of its readings; 0 = none
};

/// All devices and series that exist: the catalog plus what the unsealed log adds. Sorted by key.
struct Directory {
  std::vector<DeviceEntry> devices;
  std::vector<SeriesEntry> series;
  // Numbers from here on have never been given out; below, removed ones leave gaps.
  std::uint32_t devices_end = 1, series_end = 1;
};

}  // namespace telltale::store
