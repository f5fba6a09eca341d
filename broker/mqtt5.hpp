#pragma once

#include <cstdint>
#include <string_view>

namespace telltale::broker::mqtt5 {

// MQTT Version 5.0, OASIS Standard, 7 March 2019. Section numbers in this folder are that document's.

/// Section 2.1.2: the high four bits of a frame's first byte.
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
};
[[nodiscard]] constexpr PacketType packet_type(std::uint8_t first_byte) noexcept {
  return static_cast<PacketType>(first_byte >> 4);
}

/// Section 2.2.2.2, as far as a client that sends and receives what ingest needs has to know them.
enum class Property : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

/// Section 2.4. The ones that are named here are acted upon; all others are shown by reason_text().
namespace reason {
inline constexpr std::uint8_t success = 0x00;
inline constexpr std::uint8_t no_subscription_existed = 0x11;
inline constexpr std::uint8_t malformed_packet = 0x81;
inline constexpr std::uint8_t protocol_error = 0x82;
inline constexpr std::uint8_t unsupported_protocol_version = 0x84;
inline constexpr std::uint8_t session_taken_over = 0x8E;
}  // namespace reason

/// "not authorized (0x87)"
[[nodiscard]] std::string_view reason_text(std::uint8_t code) noexcept;

/// Largest Subscription Identifier (3.8.2.1.2) and Remaining Length (2.1.4): a four-byte variable byte integer.
inline constexpr std::uint32_t max_variable_byte_integer = 268'435'455;

/// Why bytes are not what a broker may send us.
enum class WireError : std::uint8_t {
  bad_variable_byte_integer,
  truncated,
  trailing_bytes,
  unexpected_packet,
  bad_flags,
  unknown_property,
  duplicate_property,
  property_out_of_place,
  bad_property_value,
  topic_alias_not_announced,
  bad_qos,
  zero_packet_id,
  bad_topic,
  not_mqtt5,
  frame_too_large,
};

/// One sentence, with the section of the standard that was not kept.
[[nodiscard]] std::string_view describe(WireError error) noexcept;

}  // namespace telltale::broker::mqtt5
