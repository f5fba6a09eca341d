#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "alerting/desk.hpp"
#include "alerting/reported_versions.hpp"
#include "proto/device_configs.hpp"
#include "proto/device_reply.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// Retained configurations in the table of state.db that alert states and presence stand in, too: sent when there is a
/// connection, and again when the broker has lost them. Versions and what devices report are facts of state.db.
/// Threads: any. Memory: see ReportedVersions.
class ConfigDesk final : public proto::DeviceConfigs {
 public:
  /// `facts` is a connection of its own.
  ConfigDesk(Alerting& alerting, store::StateDb& facts, proto::Tenancy tenancy)
      : alerting_(alerting), facts_(facts), tenancy_(tenancy), named_(std::make_shared<ReportedVersions>()) {}

  [[nodiscard]] std::int64_t next_version(const std::string& topic) override;
  void retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told) override;
  [[nodiscard]] std::optional<std::int64_t> reported(const std::string& topic) const override;

  /// A device names the version that it follows. Does not block; written when it is another than before, once however
  /// often it changes until then.
  void note(const proto::DeviceReply& reply);

 private:
  Alerting& alerting_;
  store::StateDb& facts_;
  const proto::Tenancy tenancy_;
  std::mutex versions_;
  std::shared_ptr<ReportedVersions> named_;  // the alerting thread may ask it after this has gone
};

}  // namespace telltale::alerting
