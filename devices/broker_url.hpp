#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace telltale::devices {

/// Where a simulated device connects to.
struct BrokerUrl {
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;

  /// mqtt://host[:port] or mqtts://host[:port]. Throws proto::ConfigError. User names and passwords do not belong
  /// in a URL (it ends up in process lists and shell history): they are refused.
  [[nodiscard]] static BrokerUrl parse(std::string_view text);
  /// The form that Paho takes: tcp://host:port or ssl://host:port.
  [[nodiscard]] std::string paho_uri() const;
};

struct Credentials {
  std::string username, password;   // "" = anonymous
  std::string ca_file;              // PEM; "" = the system's
  std::string cert_file, key_file;  // PEM; "" = no certificate of our own
};

}  // namespace telltale::devices
