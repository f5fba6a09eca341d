#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "alerting/desk.hpp"
#include "proto/device_configs.hpp"
#include "proto/device_reply.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// Retained configurations in the table of state.db that alert states and presence stand in, too: sent when there is a
/// connection, and again when the broker has lost them. Versions and what devices report are facts of state.db.
/// Threads: any. Memory: 16 bytes for each device that reports a version.
class ConfigDesk final : public proto::DeviceConfigs {
 public:
  /// `facts` is a connection of its own.
  ConfigDesk(Alerting& alerting, store::StateDb& facts, proto::Tenancy tenancy)
      : alerting_(alerting), facts_(facts), tenancy_(tenancy) {}

  [[nodiscard]] std::int64_t next_version(const std::string& topic) override;
  void retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told) override;
  [[nodiscard]] std::optional<std::int64_t> reported(const std::string& topic) const override;

  /// A device names the version that it follows. Does not block; written when it is another than before.
  void note(const proto::DeviceReply& reply);

 private:
  Alerting& alerting_;
  store::StateDb& facts_;
  const proto::Tenancy tenancy_;
  std::mutex versions_;
  std::mutex noted_mutex_;
  std::unordered_map<std::size_t, std::int64_t> noted_;  // hash of the topic -> version
};

}  // namespace telltale::alerting
