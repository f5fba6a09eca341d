#include "alerting/config_desk.hpp"

#include <charconv>

#include "alerting/retained_compare.hpp"
#include "proto/output_topics.hpp"

namespace telltale::alerting {

namespace {

std::string reported_key(const std::string& topic) { return "config.reported." + topic; }

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> fact(const store::StateDb& facts, const std::string& key) {
  const auto text = facts.get(key);
  return text ? whole_number(*text) : std::nullopt;
}

}  // namespace

std::int64_t ConfigDesk::next_version(const std::string& topic) {
  const std::lock_guard lock(versions_);
  const auto next = fact(facts_, config_given_key(topic)).value_or(0) + 1;
  facts_.put(config_given_key(topic), std::to_string(next));
  return next;
}

void ConfigDesk::retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told) {
  {
    // Held until it is posted: nobody gets a later version and posts that in between.
    const std::lock_guard lock(versions_);
    const bool overtaken = change.version > 0 && fact(facts_, config_given_key(change.topic)) != change.version;
    if (!overtaken) return alerting_.retain(std::move(change), std::move(told));
  }
  told(proto::ConfigOutcome::overtaken);
}

std::optional<std::int64_t> ConfigDesk::reported(const std::string& topic) const {
  return fact(facts_, reported_key(topic));
}

void ConfigDesk::note(const proto::DeviceReply& reply) {
  const auto version = whole_number(reply.id);
  if (!version) return;
  const auto topic = proto::OutputTopics(tenancy_).config(reply.tenant, reply.site, reply.device);
  if (!named_->note(topic, *version)) return;
  alerting_.note_fact(
      reported_key(topic), [named = named_, topic] { return std::to_string(named->take(topic)); },
      [named = named_, topic] { named->lost(topic); });
}

}  // namespace telltale::alerting
