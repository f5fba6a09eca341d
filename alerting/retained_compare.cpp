#include "alerting/retained_compare.hpp"

#include <rapidjson/document.h>

#include <optional>
#include <utility>

#include "alerting/output_class.hpp"
#include "alerting/payload.hpp"

namespace telltale::alerting {

namespace {

std::optional<std::string> alert_id(std::string_view payload) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  if (document.HasParseError() || !document.IsObject()) return std::nullopt;
  const auto id = document.FindMember("id");
  if (id == document.MemberEnd() || !id->value.IsString()) return std::nullopt;
  return std::string(id->value.GetString(), id->value.GetStringLength());
}

}  // namespace

std::string removed_presence_key(std::string_view topic) { return "removed." + std::string(topic); }

std::string config_given_key(std::string_view topic) { return "config.given." + std::string(topic); }

void RetainedCompare::begin() {
  running_ = true;
  settled_.clear();
  found_ = {};
}

void RetainedCompare::sent(std::string_view topic) {
  if (running_) settled_.emplace(topic);
}

void RetainedCompare::copy(std::string_view topic, std::string_view payload) {
  if (!running_ || !settled_.emplace(topic).second) return;
  if (const auto ours = state_.topic(topic)) {
    if (ours->payload != payload) found_.stale.emplace_back(topic);
    return;
  }
  // Not in the table: either we removed it, and an old broker snapshot brought it back, or another service wrote it
  // and it is none of our business. Our history knows which.
  auto last_word = last_word_on(topic, payload);
  if (!last_word || *last_word == payload) return;
  found_.orphaned.push_back({.topic = std::string(topic),
                             .payload = std::move(*last_word),
                             .remove_after_send = true,
                             .expiry_s = removed_expiry_s});
}

std::optional<std::string> RetainedCompare::last_word_on(std::string_view topic, std::string_view payload) const {
  switch (class_of(topic)) {
    case proto::TopicClass::alert_state: {
      const auto id = alert_id(payload);
      auto newest = id ? state_.newest_transition(*id) : std::nullopt;
      return newest ? std::optional(std::move(newest->payload)) : std::nullopt;
    }
    case proto::TopicClass::presence:
      return state_.get(removed_presence_key(topic));
    case proto::TopicClass::config:
      return state_.get(config_given_key(topic)) ? std::optional<std::string>("") : std::nullopt;
    default:
      return std::nullopt;
  }
}

RetainedCompare::Differences RetainedCompare::finish() {
  if (!std::exchange(running_, false)) return {};
  for (const auto& topic : state_.all_topics()) {
    if (topic.version == topic.version_sent && !settled_.contains(topic.topic)) found_.stale.push_back(topic.topic);
  }
  settled_.clear();
  return std::exchange(found_, {});
}

}  // namespace telltale::alerting
