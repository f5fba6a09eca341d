#include "devices/broker_url.hpp"

#include <charconv>

#include "proto/config_error.hpp"

namespace telltale::devices {

BrokerUrl BrokerUrl::parse(std::string_view text) {
  const auto refuse = [&](const char* why) -> proto::ConfigError {
    return proto::ConfigError("broker URL: " + std::string(why) + " (expected mqtt://host:port or mqtts://host:port)");
  };
  BrokerUrl url;
  std::string_view rest = text;
  if (rest.starts_with("mqtts://")) {
    url.tls = true;
    url.port = 8883;
    rest.remove_prefix(8);
  } else if (rest.starts_with("mqtt://")) {
    rest.remove_prefix(7);
  } else {
    throw refuse("no mqtt:// or mqtts:// in front");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('@') != std::string_view::npos) throw refuse("user name and password do not belong here");
  const auto bracket = rest.rfind(']');  // [::1]:1883
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || url.port == 0) throw refuse("bad port");
    rest = rest.substr(0, colon);
  }
  if (rest.empty() || rest.find('/') != std::string_view::npos) throw refuse("bad host");
  url.host = rest;
  return url;
}

std::string BrokerUrl::paho_uri() const { return (tls ? "ssl://" : "tcp://") + host + ':' + std::to_string(port); }

}  // namespace telltale::devices
