#pragma once

#include <array>
#include <cstddef>
#include <deque>

#include "proto/metrics.hpp"
#include "proto/publisher.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// Sends what nobody misses when it is lost: aggregates, rollups, errors. Never repeated.
/// What the publisher does not take at once (all windows close at the same moment) waits in memory up to
/// `max_bytes`; without a connection, or above that, messages are dropped and counted:
/// telltale_mqtt_messages_published_total{class,result="dropped"}. The publisher counts what it took.
/// Threads: alerting's.
class BestEffort {
 public:
  BestEffort(proto::Publisher& publisher, proto::Metrics& metrics, std::size_t max_bytes = 16u << 20);

  void send(proto::Outgoing message);
  /// Gives the publisher what it takes of those that wait.
  void pump();
  [[nodiscard]] bool waiting() const noexcept { return !waiting_.empty(); }

 private:
  void drop(const proto::Outgoing& message) noexcept;
  [[nodiscard]] bool give(const proto::Outgoing& message);

  proto::Publisher& publisher_;
  const std::size_t max_bytes_;
  std::deque<proto::Outgoing> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::array<proto::Counter*, static_cast<std::size_t>(proto::TopicClass::control_reply) + 1> dropped_{};
};

}  // namespace telltale::alerting
