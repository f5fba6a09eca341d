#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/mqtt5_parse.hpp"

namespace telltale::broker {

/// The filters in the order in which they are subscribed and in which overlapping ones count: those of earlier runs
/// first, in their order, then the new ones. What a broker queued before it knew a new filter has no copy for that
/// filter (nor has what a broker restored from an old snapshot delivers), so the copy of the older filter must count.
[[nodiscard]] std::vector<std::string> by_age(const std::vector<std::string>& filters,
                                              const std::vector<std::string>& previous);

/// Which filters are wanted, under which Subscription Identifier, and what a message's identifiers mean.
/// The identifier of a filter depends on its text, not on its place in the configuration: messages that a broker
/// queued while the configuration was changed still name the right filter.
class SubscriptionPlan {
 public:
  enum class Role : std::uint8_t { configured, marker, status, dropped_counter };
  static constexpr std::uint16_t no_filter = 0xFFFF;

  struct Subscription {
    std::string filter;
    std::uint32_t identifier;
    Role role;
    std::uint16_t index;  // in the configuration; no_filter for our own
  };

  SubscriptionPlan(const std::vector<std::string>& filters, const std::vector<std::string>& previous,
                   std::string_view instance);

  /// The configured ones in their order, then our own.
  [[nodiscard]] const std::vector<Subscription>& subscriptions() const noexcept { return subscriptions_; }
  /// Subscribed by an earlier run and not wanted any more.
  [[nodiscard]] const std::vector<std::string>& obsolete() const noexcept { return obsolete_; }
  [[nodiscard]] const std::string& marker_topic() const noexcept { return marker_topic_; }

  struct Meaning {
    // The first configured filter that is named. For a filter of an earlier run: the place behind those that were
    // configured then and still are, because the broker made a copy for each of them too.
    std::uint16_t filter = no_filter;
    std::optional<Role> own;  // the message is (also) one of our own
    [[nodiscard]] bool for_receiver() const noexcept { return !own || filter != no_filter; }
  };
  [[nodiscard]] Meaning meaning_of(const mqtt5::Publish& publish) const;

 private:
  static constexpr std::uint16_t obsolete_place = 0xFFFF;  // in by_identifier_

  std::vector<std::string> configured_;
  std::vector<Subscription> subscriptions_;
  std::vector<std::string> obsolete_;
  std::string marker_topic_, status_topic_;
  std::unordered_map<std::uint32_t, std::uint16_t> by_identifier_;  // place in subscriptions_
  std::uint16_t first_new_ = 0;  // how many filters at the front are of an earlier run
};

}  // namespace telltale::broker
