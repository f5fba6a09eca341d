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

bool contains(const std::vector<std::string>& filters, const std::string& filter) {
  return std::find(filters.begin(), filters.end(), filter) != filters.end();
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
    : wanted_(filters),
      ranked_(filters),
      marker_topic_("service/" + std::string(instance) + "/marker"),
      status_topic_("service/" + std::string(instance) + "/status") {
  if (filters.size() >= no_filter) throw std::length_error("more than 65534 topic filters");
  for (const auto& filter : filters) {
    if (!contains(previous, filter)) new_.push_back(filter);
  }
  for (const auto& filter : previous) {
    if (!is_wanted(filter)) obsolete_.push_back(filter);
  }
  arrange();
}

bool SubscriptionPlan::is_wanted(const std::string& filter) const {
  return contains(wanted_, filter) || filter == marker_topic_ || filter == status_topic_ || filter == dropped_topic;
}

std::uint32_t SubscriptionPlan::identifier_of(const std::string& filter) {
  if (const auto known = identifiers_.find(filter); known != identifiers_.end()) return known->second;
  std::uint32_t identifier = hash(filter);
  const auto taken = [&] {
    return std::any_of(identifiers_.begin(), identifiers_.end(), [&](const auto& i) { return i.second == identifier; });
  };
  while (taken()) identifier = identifier % mqtt5::max_variable_byte_integer + 1;
  identifiers_.emplace(filter, identifier);
  return identifier;
}

void SubscriptionPlan::arrange() {
  subscriptions_.clear();
  by_identifier_.clear();
  const auto is_new = [this](const std::string& filter) { return contains(new_, filter); };
  const auto behind_old =
      static_cast<std::uint16_t>(std::find_if(ranked_.begin(), ranked_.end(), is_new) - ranked_.begin());
  const auto place_of = [&](const std::string& filter) {
    const auto found = std::find(ranked_.begin(), ranked_.end(), filter);
    return found == ranked_.end() ? behind_old : static_cast<std::uint16_t>(found - ranked_.begin());
  };
  const auto add = [this](const std::string& filter, Role role, std::uint16_t place) {
    // A user's filter may be equal to one of ours: the broker keeps one subscription per filter, so the one that was
    // configured stays and its messages are recognised by their topic.
    const auto identifier = identifier_of(filter);
    if (!by_identifier_.try_emplace(identifier, Named{role, place}).second) return;
    subscriptions_.push_back({filter, identifier, role});
  };
  for (const auto& filter : wanted_) add(filter, Role::configured, place_of(filter));
  add(marker_topic_, Role::marker, no_filter);
  add(status_topic_, Role::status, no_filter);
  add(std::string(dropped_topic), Role::dropped_counter, no_filter);
  for (const auto& filter : obsolete_) {
    by_identifier_.try_emplace(identifier_of(filter), Named{Role::configured, place_of(filter)});
  }
}

bool SubscriptionPlan::change(const std::vector<std::string>& filters) {
  if (filters.size() + ranked_.size() >= no_filter) throw std::length_error("more than 65534 topic filters");
  const auto before = ranked_;
  wanted_ = by_age(filters, ranked_);
  new_.clear();
  for (const auto& filter : wanted_) {
    if (contains(before, filter)) continue;
    new_.push_back(filter);
    ranked_.push_back(filter);
  }
  std::erase_if(obsolete_, [this](const std::string& filter) { return is_wanted(filter); });
  for (const auto& filter : before) {
    if (!is_wanted(filter) && !contains(obsolete_, filter)) obsolete_.push_back(filter);
  }
  arrange();
  return ranked_ != before;
}

bool SubscriptionPlan::served(const std::string& filter) {
  if (!contains(wanted_, filter) || contains(ranked_, filter)) return false;
  ranked_.push_back(filter);
  new_.push_back(filter);
  arrange();
  return true;
}

bool SubscriptionPlan::not_served(const std::string& filter) {
  if (std::erase(ranked_, filter) == 0) return false;
  arrange();
  return true;
}

SubscriptionPlan::Meaning SubscriptionPlan::meaning_of(const mqtt5::Publish& publish) const {
  Meaning meaning;
  for (std::size_t i = 0; i < publish.subscription_identifier_count; ++i) {
    const auto found = by_identifier_.find(publish.subscription_identifiers[i]);
    if (found == by_identifier_.end()) continue;
    if (found->second.role == Role::configured) {
      meaning.filter = std::min(meaning.filter, found->second.place);
    } else {
      meaning.own = found->second.role;
    }
  }
  if (meaning.own) return meaning;
  // A broker without subscription identifiers, or a filter of the configuration that is one of our own topics.
  const bool literal = meaning.filter >= ranked_.size() || ranked_[meaning.filter] == publish.topic;
  if (literal && publish.topic == marker_topic_) meaning.own = Role::marker;
  if (literal && publish.topic == status_topic_) meaning.own = Role::status;
  if (literal && publish.topic == dropped_topic) meaning.own = Role::dropped_counter;
  return meaning;
}

}  // namespace telltale::broker
