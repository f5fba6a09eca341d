#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/mqtt5.hpp"
#include "proto/result.hpp"

namespace telltale::broker::mqtt5 {

// Packets from a broker, parsed in place: views point into the given bytes. Any bytes are safe.
// `body` is what follows the fixed header, `first_byte` the first byte of the frame.

/// The fixed header (2.1): how long it is and how many bytes follow it. Nothing: more bytes are needed.
struct FixedHeader {
  std::uint8_t first_byte;
  std::uint8_t size;               // 2 to 5
  std::uint32_t remaining_length;  // 0 to 268,435,455
};
[[nodiscard]] Result<std::optional<FixedHeader>, WireError> parse_fixed_header(std::string_view bytes);

struct Connack {
  bool session_present = false;
  std::uint8_t reason_code = 0;
  std::optional<std::uint32_t> session_expiry_s;  // absent: as asked (3.2.2.3.2)
  std::optional<std::uint16_t> server_keepalive_s;
  std::uint8_t maximum_qos = 2;
  bool retain_available = true;
  bool wildcards_available = true;
  bool subscription_identifiers_available = true;
  std::string_view reason_string;
};
/// `not_mqtt5` for the two-byte CONNACK of MQTT 3.1.1.
[[nodiscard]] Result<Connack, WireError> parse_connack(std::uint8_t first_byte, std::string_view body);

struct Publish {
  std::string_view topic;
  std::uint16_t packet_id = 0;  // 0 for QoS 0
  std::uint8_t qos = 0;
  bool dup = false;
  bool retain = false;
  std::uint32_t payload_offset = 0;  // in the body; past the present bytes when the properties were cut off
  // A broker may name all matching subscriptions in one copy (3.3.4). More than these are not kept.
  std::array<std::uint32_t, 8> subscription_identifiers{};
  std::uint8_t subscription_identifier_count = 0;
};
/// `remaining_length` > body.size(): only the beginning of the packet is here; topic and packet id must be in it.
[[nodiscard]] Result<Publish, WireError> parse_publish(std::uint8_t first_byte, std::string_view body,
                                                       std::uint32_t remaining_length);

/// PUBACK, and SUBACK or UNSUBACK of a packet with one filter.
struct Answer {
  std::uint16_t packet_id = 0;
  std::uint8_t reason_code = 0;
};
[[nodiscard]] Result<Answer, WireError> parse_puback(std::uint8_t first_byte, std::string_view body);
[[nodiscard]] Result<Answer, WireError> parse_suback(std::uint8_t first_byte, std::string_view body);
[[nodiscard]] Result<Answer, WireError> parse_unsuback(std::uint8_t first_byte, std::string_view body);

[[nodiscard]] Result<void, WireError> parse_pingresp(std::uint8_t first_byte, std::string_view body);

struct Disconnect {
  std::uint8_t reason_code = 0;
  std::string_view reason_string;
};
[[nodiscard]] Result<Disconnect, WireError> parse_disconnect(std::uint8_t first_byte, std::string_view body);

}  // namespace telltale::broker::mqtt5
