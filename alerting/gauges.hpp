#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "analytics/engine.hpp"
#include "proto/clock.hpp"
#include "proto/metrics.hpp"
#include "store/state_db.hpp"

namespace telltale::alerting {

/// What is watched, what fires and what waits, once a second for /metrics. Threads: alerting's.
class Gauges {
 public:
  Gauges(proto::Metrics& metrics, const Clock& clock);
  void refresh_if_due(const analytics::Engine& engine, const store::StateDb& state);

 private:
  const Clock& clock_;
  std::array<proto::Gauge*, 5> devices_;  // by proto::Presence
  std::array<proto::Gauge*, 3> alerts_;   // by proto::Severity
  proto::Gauge& series_;
  proto::Gauge& outbox_;
  proto::Counter& late_;
  std::optional<std::uint64_t> late_seen_;
  std::chrono::steady_clock::time_point due_;
};

}  // namespace telltale::alerting
