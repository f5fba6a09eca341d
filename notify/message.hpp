#pragma once

#include <string>
#include <vector>

#include "notify/alert.hpp"
#include "proto/clock.hpp"

namespace telltale::notify {

/// What one message says of one alert.
struct Told {
  const Alert* alert;
  bool firing;
};

/// Alerts of one group, worth one message. Never empty.
struct Message {
  std::string receiver;  // the channel's name
  std::string group;     // contracts 10: "default/too-hot:esp32-7"
  std::string external_url;
  std::vector<Told> alerts;
  std::size_t truncated = 0;  // alerts of the group that there was no room for

  [[nodiscard]] bool firing() const;
  /// Of those that fire, or when none does, of all.
  [[nodiscard]] proto::Severity severity() const;
  /// "[FIRING][critical] too-hot esp32-7 (site1)"
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] std::string link_to(const Alert& alert) const;  // "" without external_url
};

[[nodiscard]] std::string group_of(const Alert& alert);

// The bodies of contracts 10. The same message gives the same bytes.
[[nodiscard]] std::string webhook_body(const Message& message);
/// POST /api/v2/alerts; firing alerts end four minutes after `now` unless they are pushed again.
[[nodiscard]] std::string push_body(const Message& message, Timestamp now);
[[nodiscard]] std::string ntfy_body(const Message& message, const std::string& topic);
[[nodiscard]] std::string slack_body(const Message& message);

}  // namespace telltale::notify
