#pragma once

#include <string>
#include <string_view>

#include "proto/alert.hpp"
#include "proto/topic.hpp"

namespace telltale::proto {

/// Spells the topics that the service publishes (contracts 1), with the tenant first in multi-tenant installs.
/// Precondition: ids are valid (they come from parsed topics and checked rules).
class OutputTopics {
 public:
  explicit OutputTopics(Tenancy tenancy) : tenancy_(tenancy) {}

  [[nodiscard]] std::string alert(const AlertTransition& alert) const;
  [[nodiscard]] std::string alert_state(const AlertTransition& alert) const;
  [[nodiscard]] std::string presence(std::string_view tenant, std::string_view site, std::string_view device) const;
  [[nodiscard]] std::string command(std::string_view tenant, std::string_view site, std::string_view device,
                                    std::string_view name) const;
  [[nodiscard]] std::string config(std::string_view tenant, std::string_view site, std::string_view device) const;
  [[nodiscard]] std::string aggregate(const WindowAggregate& window) const;
  [[nodiscard]] std::string rollup(const DeviceRollup& rollup) const;
  /// For input whose device is not known, site and device are "-".
  [[nodiscard]] std::string errors(std::string_view tenant, std::string_view site, std::string_view device) const;
  [[nodiscard]] std::string control_reply(std::string_view tenant, std::string_view alert_id) const;
  [[nodiscard]] std::string silence_reply(std::string_view tenant, std::string_view name) const;
  [[nodiscard]] std::string removal_reply(const RemovalReply& reply) const;
  [[nodiscard]] std::string service_time(std::string_view tenant) const;
  /// At the root, in either kind of install.
  [[nodiscard]] static std::string service_status(std::string_view instance);

 private:
  [[nodiscard]] std::string start(std::string_view tenant, TopicClass topic_class) const;
  Tenancy tenancy_;
};

}  // namespace telltale::proto
