#include "broker/subscription_plan.hpp"

#include <algorithm>
#include <stdexcept>

#include "broker/mqtt5.hpp"

namespace telltale::broker {
namespace {

constexpr std::string_view dropped_topic = "$SYS/broker/publish/messages/dropped";

/// FNV-1a, 32 bit (draft-eastlake-fnv), folded to the range of identifiers.
std::uint32_t hash(std::string_view text) {
  std::uint32_t h = 2'166'136'261u;
  for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 16'777'619u;
  return h % mqtt5::max_variable_byte_integer + 1;
}

}  // namespace

std::vector<std::string> by_age(const std::vector<std::string>& filters, const std::vector<std::string>& previous) {
  std::vector<std::string> ordered = filters;
  std::stable_sort(ordered.begin(), ordered.end(), [&](const std::string& a, const std::string& b) {
    return std::find(previous.begin(), previous.end(), a) < std::find(previous.begin(), previous.end(), b);
  });
  return ordered;
}

SubscriptionPlan::SubscriptionPlan(const std::vector<std::string>& filters, const std::vector<std::string>& previous,
                                   std::string_view instance)
    : configured_(filters),
      marker_topic_("service/" + std::string(instance) + "/marker"),
      status_topic_("service/" + std::string(instance) + "/status") {
  if (filters.size() >= no_filter) throw std::length_error("more than 65534 topic filters");
  const auto add = [this](std::string filter, Role role, std::size_t index) {
    // A user's filter may be equal to one of ours: the broker keeps one subscription per filter, so the one that was
    // configured stays and its messages are recognised by their topic.
    for (const auto& s : subscriptions_) {
      if (s.filter == filter) return;
    }
    std::uint32_t identifier = hash(filter);
    while (by_identifier_.contains(identifier)) identifier = identifier % mqtt5::max_variable_byte_integer + 1;
    by_identifier_.emplace(identifier, static_cast<std::uint16_t>(subscriptions_.size()));
    subscriptions_.push_back({std::move(filter), identifier, role, static_cast<std::uint16_t>(index)});
  };
  for (std::size_t i = 0; i < filters.size(); ++i) add(filters[i], Role::configured, i);
  add(marker_topic_, Role::marker, no_filter);
  add(status_topic_, Role::status, no_filter);
  add(std::string(dropped_topic), Role::dropped_counter, no_filter);
  for (const auto& filter : previous) {
    const bool wanted = std::any_of(subscriptions_.begin(), subscriptions_.end(),
                                    [&](const Subscription& s) { return s.filter == filter; });
    if (wanted) continue;
    obsolete_.push_back(filter);
    by_identifier_.try_emplace(hash(filter), obsolete_place);
  }
  const auto is_new = [&](const std::string& f) {
    return std::find(previous.begin(), previous.end(), f) == previous.end();
  };
  first_new_ = static_cast<std::uint16_t>(std::find_if(filters.begin(), filters.end(), is_new) - filters.begin());
}

SubscriptionPlan::Meaning SubscriptionPlan::meaning_of(const mqtt5::Publish& publish) const {
  Meaning meaning;
  for (std::size_t i = 0; i < publish.subscription_identifier_count; ++i) {
    const auto found = by_identifier_.find(publish.subscription_identifiers[i]);
    if (found == by_identifier_.end()) continue;
    if (found->second == obsolete_place) {
      meaning.filter = std::min(meaning.filter, first_new_);
      continue;
    }
    const Subscription& subscription = subscriptions_[found->second];
    if (subscription.role == Role::configured) {
      meaning.filter = std::min(meaning.filter, subscription.index);
    } else {
      meaning.own = subscription.role;
    }
  }
  if (meaning.own) return meaning;
  // A broker without subscription identifiers, or a filter of the configuration that is one of our own topics.
  const bool literal = meaning.filter >= configured_.size() || configured_[meaning.filter] == publish.topic;
  if (literal && publish.topic == marker_topic_) meaning.own = Role::marker;
  if (literal && publish.topic == status_topic_) meaning.own = Role::status;
  if (literal && publish.topic == dropped_topic) meaning.own = Role::dropped_counter;
  return meaning;
}

}  // namespace telltale::broker
