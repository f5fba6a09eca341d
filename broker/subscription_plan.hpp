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
/// Filters rank (docs/decisions/0006): every filter that the broker serves, or is not known to refuse, has its place.
/// A filter that is not wanted any more keeps its place until the broker has ended it, because until then each message
/// has a copy for it; a refused one has none, because no message has.
class SubscriptionPlan {
 public:
  enum class Role : std::uint8_t { configured, marker, status, dropped_counter };
  static constexpr std::uint16_t no_filter = 0xFFFF;

  struct Subscription {
    std::string filter;
    std::uint32_t identifier;
    Role role;
  };

  SubscriptionPlan(const std::vector<std::string>& filters, const std::vector<std::string>& previous,
                   std::string_view instance);

  /// The configured ones in their order, then our own.
  [[nodiscard]] const std::vector<Subscription>& subscriptions() const noexcept { return subscriptions_; }
  /// Subscribed earlier and not wanted any more.
  [[nodiscard]] const std::vector<std::string>& obsolete() const noexcept { return obsolete_; }
  [[nodiscard]] const std::string& marker_topic() const noexcept { return marker_topic_; }
  /// What Meaning::filter counts. Once every SUBSCRIBE is answered: what the broker serves, and the next run must know.
  [[nodiscard]] const std::vector<std::string>& ranked() const noexcept { return ranked_; }

  /// Other filters are wanted from now on. True: the ranks are others than before.
  bool change(const std::vector<std::string>& filters);
  /// The broker serves this filter; or it refuses it, or has ended it. True: the ranks are others than before.
  bool served(const std::string& filter);
  bool not_served(const std::string& filter);

  struct Meaning {
    // The first ranked filter that is named. For a filter of an earlier run: the place behind those that were
    // configured then and still are, because the broker made a copy for each of them too.
    std::uint16_t filter = no_filter;
    std::optional<Role> own;  // the message is (also) one of our own
    [[nodiscard]] bool for_receiver() const noexcept { return !own || filter != no_filter; }
  };
  [[nodiscard]] Meaning meaning_of(const mqtt5::Publish& publish) const;

 private:
  struct Named {  // by an identifier
    Role role;
    std::uint16_t place;  // of a configured or obsolete filter
  };
  [[nodiscard]] bool is_wanted(const std::string& filter) const;
  std::uint32_t identifier_of(const std::string& filter);
  void arrange();

  std::vector<std::string> wanted_;  // as configured
  std::vector<std::string> ranked_;
  std::vector<std::string> new_;  // those of wanted_ that were not subscribed before the latest change
  std::vector<Subscription> subscriptions_;
  std::vector<std::string> obsolete_;
  std::string marker_topic_, status_topic_;
  std::unordered_map<std::string, std::uint32_t> identifiers_;  // of every filter there ever was
  std::unordered_map<std::uint32_t, Named> by_identifier_;
};

}  // namespace telltale::broker
