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

}  // namespace

SubscriptionRound::SubscriptionRound(const SubscriptionPlan& plan, Ability ability, std::string& out) {
  for (const auto& wanted : plan.subscriptions()) {
    encode(mqtt5::Subscribe{.packet_id = next_packet_id_,
                            .filter = wanted.filter,
                            .subscription_identifier = ability.identifiers ? wanted.identifier : 0,
                            .maximum_qos = asked_qos(wanted.role),
                            .retain_handling = asked_retain(wanted.role)},
           out);
    subscribes_.push_back({next_packet_id_++, wanted.filter, wanted.role, false});
  }
  for (const auto& filter : plan.obsolete()) {
    encode(mqtt5::Unsubscribe{.packet_id = next_packet_id_, .filter = filter}, out);
    unsubscribes_.push_back({next_packet_id_++, filter, Role::configured, false});
  }
  missing_subacks_ = subscribes_.size();
}

bool SubscriptionRound::suback(std::uint16_t packet_id, std::uint8_t reason_code) {
  const auto asked = std::find_if(subscribes_.begin(), subscribes_.end(),
                                  [&](const Asked& a) { return a.packet_id == packet_id && !a.answered; });
  if (asked == subscribes_.end()) return false;
  asked->answered = true;
  --missing_subacks_;
  const bool refused = reason_code >= 0x80;  // 3.9.3
  if (asked->role == Role::configured && !refused) granted_.push_back(asked->filter);
  if (asked->role == Role::dropped_counter) return true;
  if (refused) {
    add_problem("the broker refuses the filter '" + asked->filter +
                "': " + std::string(mqtt5::reason_text(reason_code)));
  } else if (reason_code != asked_qos(asked->role)) {
    add_problem("the broker grants the filter '" + asked->filter + "' only QoS " + std::to_string(reason_code));
  }
  return true;
}

bool SubscriptionRound::unsuback(std::uint16_t packet_id, std::uint8_t reason_code) {
  const auto asked = std::find_if(unsubscribes_.begin(), unsubscribes_.end(),
                                  [&](const Asked& a) { return a.packet_id == packet_id && !a.answered; });
  if (asked == unsubscribes_.end()) return false;
  asked->answered = true;
  if (reason_code >= 0x80) {
    add_problem("the broker does not end the old filter '" + asked->filter +
                "': " + std::string(mqtt5::reason_text(reason_code)));
  }
  return true;
}

void SubscriptionRound::add_problem(std::string text) {
  if (!problem_.empty()) problem_ += "; ";
  problem_ += std::move(text);
}

}  // namespace telltale::broker
