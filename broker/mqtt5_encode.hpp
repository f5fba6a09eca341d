#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace telltale::broker::mqtt5 {

// Each function appends one whole packet to `out`. Strings longer than 65,535 bytes cannot be written in MQTT:
// std::length_error (they come from the configuration, not from the network).

struct Connect {
  std::string_view client_id;
  std::string_view username;  // "" = none
  std::string_view password;  // "" = none
  std::uint16_t keepalive_s = 15;
  bool clean_start = false;
  std::uint32_t session_expiry_s = 0;
  std::uint16_t receive_maximum = 65'535;
};
/// Announces no topic aliases and no maximum packet size (a broker drops silently what is larger, 3.1.2.11.4).
void encode(const Connect& packet, std::string& out);

enum class RetainHandling : std::uint8_t { at_every_subscribe = 0, at_new_subscription = 1, never = 2 };

/// One filter, because a Subscription Identifier belongs to all filters of its packet (3.8.2.1.2).
struct Subscribe {
  std::uint16_t packet_id = 0;
  std::string_view filter;
  std::uint32_t subscription_identifier = 0;  // 0 = none
  std::uint8_t maximum_qos = 1;
  RetainHandling retain_handling = RetainHandling::at_new_subscription;
};
/// Retain-as-published is off: RETAIN=1 then means a copy sent at subscribe (3.3.1.3).
void encode(const Subscribe& packet, std::string& out);

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::string_view filter;
};
void encode(const Unsubscribe& packet, std::string& out);

struct OutgoingPublish {
  std::string_view topic;
  std::string_view payload;
  std::uint8_t qos = 0;         // 0 or 1
  std::uint16_t packet_id = 0;  // QoS 1
  bool retain = false;
};
void encode(const OutgoingPublish& packet, std::string& out);

void encode_puback(std::uint16_t packet_id, std::string& out);
void encode_pingreq(std::string& out);
void encode_disconnect(std::uint8_t reason_code, std::string& out);

}  // namespace telltale::broker::mqtt5
