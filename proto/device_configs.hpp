#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace telltale::proto {

/// What shall stand retained on the topic of a device's configuration.
struct ConfigChange {
  std::string topic;
  std::string payload;                         // "" = nothing
  std::int64_t version = 0;                    // of the payload, as next_version() gave it
  std::optional<std::string> instead_of = {};  // the payload that must stand there now; nothing: whatever does
};

enum class ConfigOutcome : std::uint8_t {
  stored,     // on disk, from when on it will reach the broker
  overtaken,  // another change came first; nothing was done
  failed,     // it could not be written
};

/// The retained configurations of devices: config/{site}/{device} (contracts 1).
/// Threads: any. Errors: StoreFailure of the store room.
class DeviceConfigs {
 public:
  virtual ~DeviceConfigs() = default;

  /// The next version of a topic's configuration; none is given twice, not even after a restart.
  [[nodiscard]] virtual std::int64_t next_version(const std::string& topic) = 0;
  /// Versions reach a topic in their order: one that comes behind a later one is overtaken. `told` may be called on
  /// another thread, which must not block; it is dropped untold when the service ends.
  virtual void retain(ConfigChange change, std::function<void(ConfigOutcome)> told) = 0;
  /// The version that the device has named last.
  [[nodiscard]] virtual std::optional<std::int64_t> reported(const std::string& topic) const = 0;
};

}  // namespace telltale::proto
