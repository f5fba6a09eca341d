#include "broker/subscription_round.hpp"

#include <algorithm>

#include "broker/mqtt5_encode.hpp"

namespace telltale::broker {
namespace {

using Role = SubscriptionPlan::Role;

std::uint8_t asked_qos(Role role) { return role == Role::dropped_counter ? 0 : 1; }

mqtt5::RetainHandling asked_retain(Role role) {
  // The present status and drop counter are wanted after every connect; telemetry's retained copies once per session.
  const bool every_time = role == Role::status || role == Role::dropped_counter;
  return every_time ? mqtt5::RetainHandling::at_every_subscribe : mqtt5::RetainHandling::at_new_subscription;
}

bool contains(const std::vector<std::string>& filters, const std::string& filter) {
  return std::find(filters.begin(), filters.end(), filter) != filters.end();
}

}  // namespace

SubscriptionRound::SubscriptionRound(const SubscriptionPlan& plan, Ability ability, std::string& out, Settled settled)
    : settled_(std::move(settled)) {
  auto& packet_id = settled_.next_packet_id;
  // Packet ids are ours to reuse: no earlier round has an answer outstanding.
  if (plan.subscriptions().size() + plan.obsolete().size() > 65'000u - packet_id) packet_id = 1;
  for (const auto& wanted : plan.subscriptions()) {
    if (contains(settled_.subscribed, wanted.filter)) continue;
    encode(mqtt5::Subscribe{.packet_id = packet_id,
                            .filter = wanted.filter,
                            .subscription_identifier = ability.identifiers ? wanted.identifier : 0,
                            .maximum_qos = asked_qos(wanted.role),
                            .retain_handling = asked_retain(wanted.role)},
           out);
    subscribes_.push_back({packet_id++, wanted.filter, wanted.role});
  }
  for (const auto& filter : plan.obsolete()) {
    if (contains(settled_.unsubscribed, filter)) continue;
    encode(mqtt5::Unsubscribe{.packet_id = packet_id, .filter = filter}, out);
    unsubscribes_.push_back({packet_id++, filter, Role::configured});
  }
  missing_subacks_ = subscribes_.size();
  missing_unsubacks_ = unsubscribes_.size();
}

const SubscriptionRound::Asked* SubscriptionRound::suback(std::uint16_t packet_id, std::uint8_t reason_code) {
  auto* asked = answered(subscribes_, packet_id, reason_code);
  if (!asked) return nullptr;
  --missing_subacks_;
  if (asked->role == Role::configured && !asked->refused) granted_.push_back(asked->filter);
  if (asked->role == Role::dropped_counter || reason_code == asked_qos(asked->role)) {
    settled_.subscribed.push_back(asked->filter);
  } else if (asked->refused) {
    add_problem("the broker refuses the filter '" + asked->filter +
                "': " + std::string(mqtt5::reason_text(reason_code)));
  } else {
    add_problem("the broker grants the filter '" + asked->filter + "' only QoS " + std::to_string(reason_code));
  }
  return asked;
}

const SubscriptionRound::Asked* SubscriptionRound::unsuback(std::uint16_t packet_id, std::uint8_t reason_code) {
  auto* asked = answered(unsubscribes_, packet_id, reason_code);
  if (!asked) return nullptr;
  --missing_unsubacks_;
  if (!asked->refused) {
    settled_.unsubscribed.push_back(asked->filter);
  } else {
    add_problem("the broker does not end the old filter '" + asked->filter +
                "': " + std::string(mqtt5::reason_text(reason_code)));
  }
  return asked;
}

std::vector<std::string> SubscriptionRound::not_ended() const {
  std::vector<std::string> filters;
  for (const auto& asked : unsubscribes_) {
    if (!asked.answered || asked.refused) filters.push_back(asked.filter);
  }
  return filters;
}

SubscriptionRound::Asked* SubscriptionRound::answered(std::vector<Asked>& all, std::uint16_t packet_id,
                                                      std::uint8_t reason_code) {
  const auto asked =
      std::find_if(all.begin(), all.end(), [&](const Asked& a) { return a.packet_id == packet_id && !a.answered; });
  if (asked == all.end()) return nullptr;
  asked->answered = true;
  asked->refused = reason_code >= 0x80;  // 3.9.3, 3.11.3
  return &*asked;
}

void SubscriptionRound::add_problem(std::string text) {
  if (!problem_.empty()) problem_ += "; ";
  problem_ += std::move(text);
}

}  // namespace telltale::broker
