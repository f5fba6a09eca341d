#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notify/alert.hpp"
#include "proto/clock.hpp"
#include "proto/rule.hpp"

namespace telltale::notify {

enum class ChannelKind : std::uint8_t { webhook, alertmanager, ntfy, slack, email };
[[nodiscard]] constexpr std::string_view to_string(ChannelKind kind) noexcept {
  constexpr std::string_view names[] = {"webhook", "alertmanager", "ntfy", "slack", "email"};
  return names[static_cast<std::uint8_t>(kind)];
}

enum class BodyFormat : std::uint8_t { grouped, flat };  // Alertmanager webhook version 4, or one alert of contracts 5

/// One way to tell people about alerts: where to, and which alerts. Immutable while in force.
struct Channel {
  std::string name;
  ChannelKind kind = ChannelKind::webhook;
  std::string url;  // email: smtp:// or smtps://
  BodyFormat format = BodyFormat::grouped;

  std::vector<proto::Severity> severities = {};  // empty: all
  std::string tenant = "*", site = "*", device = "*", rule = "*";
  bool resolve = true;
  Millis group_wait{10'000};
  Millis repeat{4 * 3600 * 1000};
  std::uint32_t rate_limit = 20;  // messages a minute; 0: no limit
  std::size_t queue = 1000;       // alerts and messages that wait

  // Secrets; never written anywhere but to the receiver.
  std::string secret;    // key of X-Telltale-Signature
  std::string token;     // Authorization: Bearer
  std::string username;  // basic authentication, SMTP AUTH
  std::string password;

  std::string ca_file;    // instead of the system's authorities
  bool insecure = false;  // no TLS needed, and no certificate checked

  std::string topic;  // ntfy
  std::string from;   // email
  std::vector<std::string> to = {};

  [[nodiscard]] bool takes(const Alert& alert) const;
  friend bool operator==(const Channel&, const Channel&) = default;
};

struct NotifyOptions {
  std::string external_url;  // of our pages, without a slash at the end
  std::string user_agent = "telltale";
  std::vector<Channel> channels = {};
};

}  // namespace telltale::notify
