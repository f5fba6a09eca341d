#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::devices {

/// What can be wrong with a simulated device.
enum class FaultKind : std::uint8_t {
  spike,         // temperature 86 to 90
  jump,          // humidity 25 above its curve
  drift,         // temperature creeps up by 0.2 a second
  stuck,         // every value stays as it was
  drop,          // the connection dies without DISCONNECT and does not come back before the end
  silent,        // the connection lives, nothing is said
  flap,          // the connection dies every 3 s and comes back after one
  skew,          // the clock is two hours ahead
  unset_clock,   // the clock counts from 1970, as before the first answer of a time server
  bad_json,      // payloads that are no JSON
  duplicate_id,  // a second device with the same client id fights for the connection
  sleep,         // not wrong: says "sleeping", disconnects cleanly, wakes up at the end
};
inline constexpr std::string_view fault_names[] = {"spike", "jump", "drift", "stuck",   "drop",  "silent",
                                                   "flap",  "skew", "unset", "badjson", "dupid", "sleep"};
inline constexpr std::size_t fault_count = std::size(fault_names);
[[nodiscard]] constexpr std::string_view to_string(FaultKind k) noexcept {
  return fault_names[static_cast<std::uint8_t>(k)];
}

/// One fault of one device, relative to the start of the fleet.
struct Fault {
  FaultKind kind;
  Millis start;
  Millis length;
  friend bool operator==(const Fault&, const Fault&) = default;
};

/// The faults of one device, over again every `period` (0: once).
struct FaultPlan {
  std::vector<Fault> faults;
  Millis period{0};

  [[nodiscard]] const Fault* active(FaultKind kind, Millis elapsed) const noexcept;
  /// How long the active fault has lasted. Precondition: active(kind, elapsed) is not null.
  [[nodiscard]] Millis since(const Fault& fault, Millis elapsed) const noexcept;
  [[nodiscard]] bool has(FaultKind kind) const noexcept;

 private:
  [[nodiscard]] Millis phase(Millis elapsed) const noexcept { return period.count() > 0 ? elapsed % period : elapsed; }
};

}  // namespace telltale::devices
