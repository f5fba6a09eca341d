#include "devices/fleet.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "devices/cables.hpp"
#include "devices/paho_wire.hpp"
#include "devices/schedule.hpp"
#include "proto/config_error.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr Millis beat{10};  // how often every device is asked what is due

/// One simulated device with its connection, and its double while one is about.
struct Member {
  DeviceProfile profile;
  FaultPlan plan;
  std::unique_ptr<PahoWire> wire;
  std::unique_ptr<Device> device;
  std::unique_ptr<PahoWire> twin_wire;
  std::unique_ptr<Device> twin;
};

class Fleet {
 public:
  Fleet(const FleetOptions& options, const Clock& clock, proto::Logger& log)
      : options_(options), clock_(clock), log_(log), start_(clock.steady_now()) {
    Schedule schedule = options.scenario == Scenario::demo
                            ? demo_schedule(options.devices)
                            : seeded_schedule(options.faults, options.devices, options.seed);
    const bool some_cut = std::any_of(schedule.begin(), schedule.end(), needs_cable);
    if (some_cut) {
      if (options.broker.tls) throw proto::ConfigError("faults drop and flap need mqtt://, not mqtts://");
      cables_ = std::make_unique<Cables>(options.broker.host, options.broker.port);
    }
    for (std::size_t i = 0; i < options.devices; ++i) {
      Member member;
      member.profile = profile_of(i);
      member.plan = std::move(schedule[i]);
      member.wire = wire_of(member.profile, needs_cable(member.plan));
      member.device = std::make_unique<Device>(member.profile, member.plan, *member.wire, clock_, start_);
      members_.push_back(std::move(member));
    }
    was_active_.resize(members_.size());
  }

  void step() {
    const Millis elapsed = std::chrono::duration_cast<Millis>(clock_.steady_now() - start_);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      announce_faults(i, elapsed);
      Member& member = members_[i];
      member.device->step();
      say_refusal(*member.device);
      if (member.plan.has(FaultKind::duplicate_id)) step_twin(member, elapsed);
    }
  }

  void retire() {
    for (auto& member : members_) {
      member.device->retire();
      if (member.twin) member.twin->retire();
    }
    // A client that ends before its DISCONNECT is out would leave a will behind.
    const auto deadline = clock_.steady_now() + 3s;
    const auto busy = [](const Member& m) { return !m.wire->idle() || (m.twin_wire && !m.twin_wire->idle()); };
    while (std::any_of(members_.begin(), members_.end(), busy) && clock_.steady_now() < deadline) {
      std::this_thread::sleep_for(beat);
    }
  }

  [[nodiscard]] DeviceTally tally() const {
    DeviceTally sum;
    for (const auto& member : members_) sum += member.device->tally();
    return sum;
  }

 private:
  static bool needs_cable(const FaultPlan& plan) { return plan.has(FaultKind::drop) || plan.has(FaultKind::flap); }

  [[nodiscard]] DeviceProfile profile_of(std::size_t i) const {
    DeviceProfile profile;
    std::string number = std::to_string(i);
    if (number.size() < 3) number.insert(0, 3 - number.size(), '0');
    profile.site = options_.site;
    profile.name = "sim-" + number;
    profile.period = options_.period;
    profile.phase = options_.period * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(options_.devices);
    profile.heartbeat = options_.heartbeat;
    profile.qos = options_.qos;
    profile.has_clock = i % 5 != 4;
    profile.seed = options_.seed * 1'000'003 + i;
    return profile;
  }

  [[nodiscard]] std::unique_ptr<PahoWire> wire_of(const DeviceProfile& profile, bool with_cable) const {
    PahoWireOptions wire;
    wire.broker = options_.broker;
    wire.credentials = options_.credentials;
    wire.client_id = profile.name;
    wire.cables = with_cable ? cables_.get() : nullptr;
    return std::make_unique<PahoWire>(std::move(wire));
  }

  void step_twin(Member& member, Millis elapsed) {
    const bool wanted = member.plan.active(FaultKind::duplicate_id, elapsed) != nullptr;
    if (wanted && !member.twin) {
      DeviceProfile profile = member.profile;
      ++profile.seed;
      member.twin_wire = wire_of(profile, false);
      member.twin =
          std::make_unique<Device>(std::move(profile), FaultPlan{}, *member.twin_wire, clock_, clock_.steady_now());
    }
    if (!wanted && member.twin) {
      // Switched off without a word: the double's connection ends with its client.
      member.twin.reset();
      member.twin_wire.reset();
    }
    if (member.twin) member.twin->step();
  }

  /// Once, of the first device that never got in: what keeps it out keeps out the others. A cut cable is a fault.
  void say_refusal(const Device& device) {
    if (said_refusal_ || device.refusal().empty() || device.tally().connects > 0) return;
    said_refusal_ = true;
    log_.warn("fleet", device.profile().site + '/' + device.profile().name + " cannot connect to " +
                           options_.broker.host + ':' + std::to_string(options_.broker.port) + ": " + device.refusal() +
                           "; trying again");
  }

  void announce_faults(std::size_t i, Millis elapsed) {
    std::uint32_t now_active = 0;
    for (std::size_t k = 0; k < fault_count; ++k) {
      if (members_[i].plan.active(static_cast<FaultKind>(k), elapsed)) now_active |= 1u << k;
    }
    for (std::size_t k = 0; k < fault_count; ++k) {
      const auto bit = 1u << k;
      if ((now_active ^ was_active_[i]) & bit) {
        const auto& profile = members_[i].profile;
        log_.info("fleet", profile.site + '/' + profile.name + ": " + std::string(fault_names[k]) +
                               (now_active & bit ? " begins" : " ends"));
      }
    }
    was_active_[i] = now_active;
  }

  const FleetOptions& options_;
  const Clock& clock_;
  proto::Logger& log_;
  SteadyTime start_;
  std::unique_ptr<Cables> cables_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> was_active_;
  bool said_refusal_ = false;
};

}  // namespace

DeviceTally run_fleet(const FleetOptions& options, const Clock& clock, proto::Logger& log, std::stop_token stop) {
  if (options.devices == 0 || options.devices > 100'000) throw proto::ConfigError("devices: expected 1 to 100000");
  if (options.scenario != Scenario::none && !options.faults.empty()) {
    throw proto::ConfigError("give either a scenario or faults, not both");
  }
  const auto start = clock.steady_now();
  Fleet fleet(options, clock, log);
  while (!stop.stop_requested() && !(options.duration && clock.steady_now() - start >= *options.duration)) {
    fleet.step();
    std::this_thread::sleep_for(beat);
  }
  fleet.retire();
  return fleet.tally();
}

}  // namespace telltale::devices
