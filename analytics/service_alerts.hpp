#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "analytics/alert_book.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

/// Built-in alerts about the service itself: site `-`, device `-`, metric `_`, tenant `default`.
/// link-down, disk-low and log-damage are critical; series-limit, config-error and others are warnings.
/// link-down raised again within 15 minutes goes on as flapping.
class ServiceAlerts {
 public:
  ServiceAlerts(Workspace& ws, AlertBook& book) : ws_(ws), book_(book) {}

  void apply(const proto::ServiceCondition& condition);

  /// link-down needs a link that has been lost for this long: a reconnect within it raises nothing.
  static constexpr Millis link_down_for{5'000};
  void link(proto::LinkState state);
  [[nodiscard]] std::optional<Instant> link_due() const;
  void on_link_deadline();

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  void apply(const proto::ServiceCondition& condition, Timestamp started);

  Workspace& ws_;
  AlertBook& book_;
  std::map<std::string, AlertHandle> active_;  // by rule
  Instant link_lost_ = never;                  // since then the link is down and link-down has not been raised
};

}  // namespace telltale::analytics
