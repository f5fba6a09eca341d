#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace telltale::proto {

/// What a device says to an order of ours: ack/{site}/{device}/{name}, or the `config_version` of its status.
struct DeviceReply {
  std::string_view tenant, site, device;
  std::string_view name;  // of the command; "" = its configuration
  std::string_view id;    // of the command; of a configuration its version
  bool ok = true;
  std::int64_t code = 0;
  std::string_view msg = {};
};

/// Called on the writer's thread as the message is read; must not block. The views are good for the call only.
using OnDeviceReply = std::function<void(const DeviceReply&)>;

}  // namespace telltale::proto
