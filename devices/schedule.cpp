#include "devices/schedule.hpp"

#include <algorithm>
#include <random>
#include <string>

#include "proto/config_error.hpp"

namespace telltale::devices {

using namespace std::chrono_literals;

std::vector<FaultKind> parse_faults(std::string_view text) {
  std::vector<FaultKind> kinds;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto found = std::find(std::begin(fault_names), std::end(fault_names), word);
    if (found == std::end(fault_names)) {
      std::string known;
      for (const auto name : fault_names) known += (known.empty() ? "" : ", ") + std::string(name);
      throw proto::ConfigError("unknown fault '" + std::string(word) + "'; known are " + known);
    }
    kinds.push_back(static_cast<FaultKind>(found - std::begin(fault_names)));
  }
  return kinds;
}

Schedule seeded_schedule(const std::vector<FaultKind>& kinds, std::size_t devices, std::uint64_t seed) {
  constexpr Millis slot = 60s;
  constexpr int slots = 10;
  Schedule schedule(devices, FaultPlan{{}, slot * slots});
  if (devices == 0) return schedule;
  for (const auto kind : kinds) {
    // One generator per kind: adding a kind to the list does not move the others.
    std::mt19937_64 random(seed * fault_count + static_cast<std::uint64_t>(kind));
    for (int i = 0; i < slots; ++i) {
      const auto device = static_cast<std::size_t>(random() % devices);
      const Millis start = slot * i + Millis{static_cast<std::int64_t>(random() % 15'000)};
      const Millis length = kind == FaultKind::silent  ? Millis{45s}
                            : kind == FaultKind::spike ? Millis{6s}
                                                       : Millis{15s};
      schedule[device].faults.push_back({kind, start, length});
    }
  }
  return schedule;
}

Schedule demo_schedule(std::size_t devices) {
  struct Entry {
    std::size_t device;
    Fault fault;
  };
  // A device has one part only, so that each can be followed by its name.
  static constexpr Entry entries[] = {
      {1, {FaultKind::silent, 6s, 38s}},       // offline by silence at 36 s, back at 44 s
      {2, {FaultKind::drop, 10s, 15s}},        // will at 10 s, offline at 15 s, back at 25 s with a batch
      {3, {FaultKind::spike, 14s, 6s}},        // above 80, then resolved
      {4, {FaultKind::spike, 38s, 6s}},        //
      {5, {FaultKind::jump, 40s, 5s}},         // after 40 readings: a z-score rule is warm
      {6, {FaultKind::bad_json, 18s, 3s}},     // dead letters
      {7, {FaultKind::skew, 22s, 5s}},         // times replaced: future
      {8, {FaultKind::unset_clock, 0s, 12s}},  // times replaced: unset clock
      {9, {FaultKind::flap, 28s, 6s}},         // two wills, each followed by a birth within 5 s: stays online
      {10, {FaultKind::duplicate_id, 30s, 3s}}, {11, {FaultKind::stuck, 20s, 20s}},
      {12, {FaultKind::drift, 20s, 20s}},       {13, {FaultKind::sleep, 16s, 20s}},
  };
  Schedule schedule(devices, FaultPlan{{}, 120s});
  for (const auto& entry : entries) {
    if (entry.device < devices) schedule[entry.device].faults.push_back(entry.fault);
  }
  return schedule;
}

}  // namespace telltale::devices
