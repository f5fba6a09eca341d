#include "alerting/refused_orders.hpp"

#include <string>

namespace telltale::alerting {

namespace {

using proto::TopicClass;

std::optional<proto::TopicParts> parts_of_order(std::string_view topic, proto::Tenancy tenancy) {
  auto parts = proto::split_tenant(topic, tenancy);
  if (!parts || parts->topic_class != TopicClass::control) return std::nullopt;
  return *parts;
}

proto::Finding answer(const proto::NativeTopic& order, std::string detail) {
  const std::string tenant(order.tenant);
  if (order.silence.empty() && order.alert_id.empty())
    return proto::RemovalReply{tenant, std::string(order.site), std::string(order.device), false, std::move(detail)};
  return proto::ControlReply{tenant,
                             std::string(order.alert_id),
                             false,
                             std::move(detail),
                             std::string(order.silence),
                             proto::OrderRefusal::invalid};
}

}  // namespace

std::optional<std::string_view> tenant_of_order(std::string_view topic, proto::Tenancy tenancy) {
  const auto parts = parts_of_order(topic, tenancy);
  if (!parts) return std::nullopt;
  return parts->tenant;
}

void answer_refused_orders(const proto::Batch& batch, proto::Tenancy tenancy, std::vector<proto::Finding>& findings) {
  for (const auto& placed : batch.events) {
    const auto* letter = std::get_if<proto::DeadLetter>(&placed.event);
    if (letter == nullptr) continue;
    const auto parts = parts_of_order(letter->topic, tenancy);
    if (!parts) continue;
    if (const auto order = proto::parse_native(*parts))
      findings.push_back(answer(*order, letter->topic + ": " + letter->detail));
  }
}

}  // namespace telltale::alerting
