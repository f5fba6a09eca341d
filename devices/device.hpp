#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "devices/curve.hpp"
#include "devices/fault.hpp"
#include "devices/payload.hpp"
#include "devices/wire.hpp"
#include "proto/clock.hpp"

namespace telltale::devices {

struct DeviceProfile {
  std::string site, name;    // as contracts 1; the name is the client id, too
  Millis period{1'000};      // between readings
  Millis phase{0};           // of the first reading, so that a fleet does not speak in chorus
  Millis heartbeat{60'000};  // announced; something is said at least this often
  int qos = 1;               // of telemetry; status is always QoS 1
  bool has_clock = true;     // false: never sends ts, batches carry uptimes
  std::uint64_t seed = 0;
};

/// What a device did. Counts since start.
struct DeviceTally {
  std::uint64_t readings = 0;    // rows sent, each with four values; a row sent again counts again
  std::uint64_t messages = 0;    // telemetry messages handed to the connection
  std::uint64_t batches = 0;     // of these, batches after an outage
  std::uint64_t bad = 0;         // of these, broken on purpose
  std::uint64_t delivered = 0;   // telemetry messages the broker acknowledged (QoS 0: sent)
  std::uint64_t overflowed = 0;  // rows lost because the buffer was full
  std::uint64_t connects = 0;
  std::uint64_t commands = 0;  // acknowledged, followed or not
  DeviceTally& operator+=(const DeviceTally& other);
};

/// One simulated device, as contracts 4 wants it, with the faults of its plan. It follows the commands `measure` and
/// `identify`, and a configuration's `interval_s` and `heartbeat_s`.
/// Threads: one. Loss: QoS 1 rows stay in the buffer (600 rows, oldest out) until the broker acknowledged them.
/// Cost: step() is O(1) when nothing is due.
class Device {
 public:
  /// `start`: the moment the plan's times count from.
  Device(DeviceProfile profile, FaultPlan plan, Wire& wire, const Clock& clock,
         std::chrono::steady_clock::time_point start);

  /// Does what is due: connect, measure, send. To be called often.
  void step();
  /// Says "sleeping" and disconnects cleanly; step() must not be called any more.
  void retire();
  [[nodiscard]] const DeviceTally& tally() const noexcept { return tally_; }
  /// Why the newest connection could not be made; empty when there was none to make, or it stood since.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }
  [[nodiscard]] const DeviceProfile& profile() const noexcept { return profile_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class Link { closed, opening, open };

  void drain_wire();
  void follow_link_faults(Millis elapsed);
  [[nodiscard]] bool link_allowed(Millis elapsed) const;
  void open_link();
  void link_is_up();
  void link_is_down();
  void take_back_unconfirmed();
  void fall_asleep();
  void measure_if_due(Millis elapsed);
  [[nodiscard]] Sample take_sample(Millis elapsed);
  void flush(Millis elapsed);
  bool send_telemetry(std::string payload, std::vector<Sample> rows);
  bool send_status(std::string payload);
  void say_online(const std::string& reason);
  void follow(const Message& order);
  void obey(const std::string& command, const std::string& payload);
  void configure(const std::string& payload);
  void keep(Sample sample);
  [[nodiscard]] std::optional<std::int64_t> own_time(Millis elapsed) const;
  [[nodiscard]] Millis elapsed_now() const;

  DeviceProfile profile_;
  FaultPlan plan_;
  Wire& wire_;
  const Clock& clock_;
  SteadyTime start_;
  Climate climate_;
  std::mt19937_64 random_;
  std::string place_;  // "site/name"
  std::string telemetry_topic_, status_topic_;

  Link link_ = Link::closed;
  bool link_was_allowed_ = true;
  bool asleep_ = false;
  bool units_told_ = false;
  std::string session_;
  SteadyTime next_attempt_;
  Millis backoff_{0};
  SteadyTime next_measure_;
  SteadyTime last_said_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::optional<Measurement> frozen_;
  std::optional<std::int64_t> config_version_;
  std::deque<Sample> buffer_;                                 // oldest first
  std::map<std::uint64_t, std::vector<Sample>> unconfirmed_;  // by ticket, oldest first
  DeviceTally tally_;
  std::string refusal_;
};

}  // namespace telltale::devices
