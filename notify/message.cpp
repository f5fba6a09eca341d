#include "notify/message.hpp"

#include <algorithm>

namespace telltale::notify {

bool Message::firing() const {
  return std::any_of(alerts.begin(), alerts.end(), [](const Told& told) { return told.firing; });
}

proto::Severity Message::severity() const {
  auto highest = proto::Severity::info;
  const bool any_firing = firing();
  for (const auto& told : alerts) {
    if (told.firing == any_firing) highest = std::max(highest, told.alert->severity);
  }
  return highest;
}

std::string Message::subject() const {
  std::string text = firing() ? "[FIRING][" : "[RESOLVED][";
  text += std::string(to_string(severity())) + "] " + alerts.front().alert->headline();
  if (const auto count = alerts.size() + truncated; count > 1) text += ", " + std::to_string(count) + " alerts";
  return text;
}

std::string Message::link_to(const Alert& alert) const {
  return external_url.empty() ? std::string() : external_url + "/alerts/" + alert.id;
}

std::string group_of(const Alert& alert) { return alert.tenant + '/' + alert.rule + ':' + alert.device; }

}  // namespace telltale::notify
