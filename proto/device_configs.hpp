#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace telltale::proto {

/// The retained configurations of devices: config/{site}/{device} (contracts 1).
/// Threads: any. Errors: StoreFailure of the store room.
class DeviceConfigs {
 public:
  virtual ~DeviceConfigs() = default;

  /// The next version of a topic's configuration; none is given twice, not even after a restart.
  [[nodiscard]] virtual std::int64_t next_version(const std::string& topic) = 0;
  /// The payload that shall stand retained on the topic; "" = none. `stored` is told true when that is on disk, from
  /// when on it will reach the broker; false when it could not be written. Dropped untold when the service ends.
  virtual void retain(std::string topic, std::string payload, std::function<void(bool)> stored) = 0;
  /// The version that the device has named last.
  [[nodiscard]] virtual std::optional<std::int64_t> reported(const std::string& topic) const = 0;
};

}  // namespace telltale::proto
