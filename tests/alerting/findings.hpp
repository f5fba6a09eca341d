#pragma once

#include <string>

#include "proto/alert.hpp"

namespace telltale::test {

/// The alert of contracts 5.
inline proto::AlertTransition too_hot() {
  return {.id = "a-9c1f0a77be02d641",
          .n = 1,
          .state = proto::AlertState::firing,
          .severity = proto::Severity::critical,
          .tenant = "default",
          .site = "site1",
          .device = "esp32-7",
          .rule = "too-hot",
          .metric = "temperature",
          .ts = from_ms(1763700042000),
          .started = from_ms(1763700040000),
          .count = 3,
          .value = 86.2,
          .threshold = 80.0,
          .summary = "temperature 86.2 Cel > 80 on esp32-7",
          .by = {},
          .comment = {},
          .runbook = {}};
}

/// The presence of contracts 4.
inline proto::PresenceChange gone_stale() {
  return {.tenant = "default",
          .site = "site1",
          .device = "esp32-7",
          .state = proto::Presence::stale,
          .source = proto::PresenceSource::timeout,
          .ts = from_ms(1763700042000),
          .last_seen = from_ms(1763699900000),
          .heartbeat_s = 60};
}

}  // namespace telltale::test
