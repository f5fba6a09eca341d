#include "store/forget.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string_view>
#include <unordered_set>

#include "store/catalog.hpp"
#include "store/store.hpp"

namespace telltale::store {

using namespace proto;

namespace {
constexpr std::string_view all = "-";
}

DevicesRemoved removal_of(DevicesRemoved asked, const Directory& directory) {
  std::unordered_set<DeviceKey> keys;
  asked.devices.clear();
  asked.series.clear();
  for (const auto& device : directory.devices) {
    if (device.tenant != asked.tenant || (asked.site != all && device.site != asked.site) ||
        (asked.device != all && device.device != asked.device))
      continue;
    keys.insert(device.key);
    asked.devices.push_back(device.key);
  }
  for (const auto& series : directory.series)
    if (keys.contains(series.device)) asked.series.push_back(series.id);
  return asked;
}

DevicesRemoved forget(const std::filesystem::path& folder, DevicesRemoved asked, const Clock& clock, Logger& log,
                      Metrics& metrics) {
  if (!std::filesystem::exists(folder / Catalog::file_name))
    throw StoreFailure(folder.string() + ": is no data folder (no catalog.db)");
  StoreOptions options;
  options.path = folder;
  options.sealing = Sealing::off;  // how long what is kept is known to the service's configuration only
  Store store(options, clock, log, metrics);
  const auto& recovered = store.recovered();
  auto removal = removal_of(std::move(asked), recovered.directory);
  if (removal.devices.empty()) return removal;
  auto batch = std::make_shared<Batch>();
  batch->id = (std::uint64_t{std::random_device{}()} << 32) ^ std::random_device{}();
  batch->log_time = std::max(clock.now(), recovered.last_log_time.value_or(clock.now()));
  batch->add(RedeliveryTable{recovered.redelivery});
  batch->add(removal);
  const auto written = store.append(std::move(batch));
  if (!written)
    throw StoreFailure(folder.string() +
                       (written.error() == StoreError::disk_full ? ": disk full" : ": the log cannot be written"));
  return removal;
}

}  // namespace telltale::store
