#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "devices/broker_url.hpp"
#include "devices/device.hpp"
#include "devices/fault.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"

namespace telltale::devices {

enum class Scenario { none, demo };

struct FleetOptions {
  BrokerUrl broker;
  Credentials credentials;
  std::size_t devices = 50;
  std::string site = "sim";
  Millis period{1'000};  // between two readings of a device
  Millis heartbeat{60'000};
  std::optional<Millis> duration;  // absent: until stopped
  int qos = 1;
  std::uint64_t seed = 1;
  Scenario scenario = Scenario::none;
  std::vector<FaultKind> faults;  // seeded_schedule; not together with a scenario
};

/// Runs simulated devices until `duration` has passed or a stop is asked for; then every device says "sleeping"
/// and disconnects. Devices are named {site}/sim-000 and on.
/// Threads: everything runs on the caller's thread, apart from Paho's two and one for cables.
/// Errors:  throws proto::ConfigError for options that cannot be; an absent broker is waited for.
[[nodiscard]] DeviceTally run_fleet(const FleetOptions& options, const Clock& clock, proto::Logger& log,
                                    std::stop_token stop);

}  // namespace telltale::devices
