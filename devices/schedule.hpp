#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "devices/fault.hpp"

namespace telltale::devices {

/// Which device has which fault when: one plan per device.
using Schedule = std::vector<FaultPlan>;

/// "spike,drift,drop" to kinds. Throws proto::ConfigError that names the unknown word.
[[nodiscard]] std::vector<FaultKind> parse_faults(std::string_view text);

/// Every kind strikes one device in each of ten minutes, at a moment and on a device drawn from the seed; then the
/// ten minutes repeat. The same arguments give the same schedule.
[[nodiscard]] Schedule seeded_schedule(const std::vector<FaultKind>& kinds, std::size_t devices, std::uint64_t seed);

/// The first minute shows everything a visitor should see (two hot devices, a humidity jump, one device gone by
/// will and back, one by silence and back); all of it repeats every two minutes. Needs 1 reading/s (a z-score rule
/// is warm after 30) and 10 s heartbeats (silence is a verdict after 30 s). Devices beyond the fleet's size lose
/// their part.
[[nodiscard]] Schedule demo_schedule(std::size_t devices);

}  // namespace telltale::devices
