#pragma once

#include <cstdint>
#include <string>

#include "proto/alert.hpp"
#include "proto/event.hpp"
#include "proto/publisher.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

inline constexpr std::uint32_t event_expiry_s = 300;
inline constexpr std::uint32_t removed_expiry_s = 60;

/// Findings as the outside sees them: topic, JSON bytes, QoS, retain, expiry, exactly as contracts 1 and 5 say.
/// The same finding gives the same bytes, always: a repetition on the wire is recognised by them.
struct AlertMessages {
  proto::Outgoing event;  // alerts/…: one per transition
  proto::Outgoing state;  // alert-state/…: the last one, retained; stays when resolved, expires when removed
};
[[nodiscard]] AlertMessages render(const proto::AlertTransition& alert, proto::Tenancy tenancy);
[[nodiscard]] proto::Outgoing render(const proto::PresenceChange& presence, proto::Tenancy tenancy);
[[nodiscard]] proto::Outgoing render(const proto::WindowAggregate& window, proto::Tenancy tenancy);
[[nodiscard]] proto::Outgoing render(const proto::DeviceRollup& rollup, proto::Tenancy tenancy);
[[nodiscard]] proto::Outgoing render(const proto::ControlReply& reply, proto::Tenancy tenancy);
[[nodiscard]] proto::Outgoing render(const proto::RemovalReply& reply, proto::Tenancy tenancy);

/// The device that a refused message named.
struct DeviceName {
  std::string tenant, site, device;
};
/// errors/…: reason and the first 200 bytes.
[[nodiscard]] proto::Outgoing render(const proto::DeadLetter& letter, const DeviceName& device, Timestamp at,
                                     proto::Tenancy tenancy);

}  // namespace telltale::alerting
