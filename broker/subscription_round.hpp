#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/subscription_plan.hpp"

namespace telltale::broker {

/// SUBSCRIBE and UNSUBSCRIBE packets that are sent together, and the broker's answers to them.
/// Threads: one.
class SubscriptionRound {
 public:
  struct Ability {
    bool identifiers = true;  // CONNACK's Subscription Identifier Available
  };

  /// What the broker has done as asked on this connection, in earlier rounds: that is not asked again.
  struct Settled {
    std::vector<std::string> subscribed, unsubscribed;
    std::uint16_t next_packet_id = 1;
  };
  struct Asked {
    std::uint16_t packet_id;
    std::string filter;
    SubscriptionPlan::Role role;
    bool answered = false;
    bool refused = false;
  };

  /// Appends all packets to `out`: first every SUBSCRIBE, then the UNSUBSCRIBEs, so that a renamed filter misses
  /// nothing.
  SubscriptionRound(const SubscriptionPlan& plan, Ability ability, std::string& out, Settled settled);

  /// What was asked under this packet id and has not been answered yet; null: nothing.
  [[nodiscard]] const Asked* suback(std::uint16_t packet_id, std::uint8_t reason_code);
  [[nodiscard]] const Asked* unsuback(std::uint16_t packet_id, std::uint8_t reason_code);

  /// Every SUBACK has come.
  [[nodiscard]] bool complete() const noexcept { return missing_subacks_ == 0; }
  /// Every answer has come.
  [[nodiscard]] bool done() const noexcept { return complete() && missing_unsubacks_ == 0; }
  /// Filters that the broker has not ended, or not yet.
  [[nodiscard]] std::vector<std::string> not_ended() const;
  /// What was settled before, and by this round.
  [[nodiscard]] const Settled& settled() const noexcept { return settled_; }
  /// "" when every filter was granted as asked. The $SYS watch is asked for, not needed.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Configured filters that the broker granted, whatever their QoS.
  [[nodiscard]] const std::vector<std::string>& granted() const noexcept { return granted_; }
  /// A packet id that this round does not use.
  [[nodiscard]] std::uint16_t next_packet_id() const noexcept { return settled_.next_packet_id; }

 private:
  static Asked* answered(std::vector<Asked>& all, std::uint16_t packet_id, std::uint8_t reason_code);
  void add_problem(std::string text);

  std::vector<Asked> subscribes_, unsubscribes_;
  Settled settled_;
  std::size_t missing_subacks_ = 0, missing_unsubacks_ = 0;
  std::vector<std::string> granted_;
  std::string problem_;
};

}  // namespace telltale::broker
