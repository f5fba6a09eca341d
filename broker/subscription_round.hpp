#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/subscription_plan.hpp"

namespace telltale::broker {

/// The SUBSCRIBE and UNSUBSCRIBE packets of one connection and the broker's answers to them.
/// Threads: one.
class SubscriptionRound {
 public:
  struct Ability {
    bool identifiers = true;  // CONNACK's Subscription Identifier Available
  };

  /// Appends all packets to `out`: first every SUBSCRIBE, then the UNSUBSCRIBEs, so that a renamed filter misses
  /// nothing.
  SubscriptionRound(const SubscriptionPlan& plan, Ability ability, std::string& out);

  /// False: nothing was asked under this packet id.
  [[nodiscard]] bool suback(std::uint16_t packet_id, std::uint8_t reason_code);
  [[nodiscard]] bool unsuback(std::uint16_t packet_id, std::uint8_t reason_code);

  /// Every SUBACK has come.
  [[nodiscard]] bool complete() const noexcept { return missing_subacks_ == 0; }
  /// "" when every filter was granted as asked. The $SYS watch is asked for, not needed.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Configured filters that the broker granted, whatever their QoS.
  [[nodiscard]] const std::vector<std::string>& granted() const noexcept { return granted_; }
  /// A packet id that this round does not use.
  [[nodiscard]] std::uint16_t next_packet_id() const noexcept { return next_packet_id_; }

 private:
  struct Asked {
    std::uint16_t packet_id;
    std::string filter;
    SubscriptionPlan::Role role;
    bool answered;
  };
  void add_problem(std::string text);

  std::vector<Asked> subscribes_, unsubscribes_;
  std::size_t missing_subacks_ = 0;
  std::uint16_t next_packet_id_ = 1;
  std::vector<std::string> granted_;
  std::string problem_;
};

}  // namespace telltale::broker
