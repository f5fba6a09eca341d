#pragma once

#include <map>
#include <string>
#include <string_view>

#include "analytics/alert_book.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// Built-in alerts about the service itself: site `-`, device `-`, metric `_`, tenant `default`.
/// link-down, disk-low and log-damage are critical; series-limit, config-error and others are warnings.
class ServiceAlerts {
 public:
  ServiceAlerts(Workspace& ws, AlertBook& book) : ws_(ws), book_(book) {}

  void apply(const proto::ServiceCondition& condition);

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  Workspace& ws_;
  AlertBook& book_;
  std::map<std::string, AlertHandle> active_;  // by rule
};

}  // namespace telltale::analytics
