#include "broker/mqtt5.hpp"

namespace telltale::broker::mqtt5 {

std::string_view reason_text(std::uint8_t code) noexcept {
  switch (code) {
    case 0x00:
      return "success (0x00)";
    case 0x11:
      return "no subscription existed (0x11)";
    case 0x80:
      return "unspecified error (0x80)";
    case 0x81:
      return "malformed packet (0x81)";
    case 0x82:
      return "protocol error (0x82)";
    case 0x83:
      return "implementation specific error (0x83)";
    case 0x84:
      return "unsupported protocol version (0x84)";
    case 0x85:
      return "client identifier not valid (0x85)";
    case 0x86:
      return "bad user name or password (0x86)";
    case 0x87:
      return "not authorized (0x87)";
    case 0x88:
      return "server unavailable (0x88)";
    case 0x89:
      return "server busy (0x89)";
    case 0x8A:
      return "banned (0x8A)";
    case 0x8B:
      return "server shutting down (0x8B)";
    case 0x8C:
      return "bad authentication method (0x8C)";
    case 0x8D:
      return "keep alive timeout (0x8D)";
    case 0x8E:
      return "session taken over (0x8E)";
    case 0x8F:
      return "topic filter invalid (0x8F)";
    case 0x90:
      return "topic name invalid (0x90)";
    case 0x93:
      return "receive maximum exceeded (0x93)";
    case 0x94:
      return "topic alias invalid (0x94)";
    case 0x95:
      return "packet too large (0x95)";
    case 0x96:
      return "message rate too high (0x96)";
    case 0x97:
      return "quota exceeded (0x97)";
    case 0x98:
      return "administrative action (0x98)";
    case 0x99:
      return "payload format invalid (0x99)";
    case 0x9A:
      return "retain not supported (0x9A)";
    case 0x9B:
      return "QoS not supported (0x9B)";
    case 0x9C:
      return "use another server (0x9C)";
    case 0x9D:
      return "server moved (0x9D)";
    case 0x9E:
      return "shared subscriptions not supported (0x9E)";
    case 0x9F:
      return "connection rate exceeded (0x9F)";
    case 0xA0:
      return "maximum connect time (0xA0)";
    case 0xA1:
      return "subscription identifiers not supported (0xA1)";
    case 0xA2:
      return "wildcard subscriptions not supported (0xA2)";
    default:
      return "a reason code that the standard does not know";
  }
}

std::string_view describe(WireError error) noexcept {
  switch (error) {
    case WireError::bad_variable_byte_integer:
      return "variable byte integer longer than four bytes (1.5.5)";
    case WireError::truncated:
      return "a field goes past the end of its packet (2.1.4)";
    case WireError::trailing_bytes:
      return "bytes behind the last field of a packet (2.1.4)";
    case WireError::unexpected_packet:
      return "a packet type that a broker may not send now (2.1.2)";
    case WireError::bad_flags:
      return "reserved flags of a fixed header are set (2.1.3)";
    case WireError::unknown_property:
      return "unknown property identifier (2.2.2.2)";
    case WireError::duplicate_property:
      return "a property that may appear once appears twice (2.2.2)";
    case WireError::property_out_of_place:
      return "a property that does not belong to its packet (2.2.2.2)";
    case WireError::bad_property_value:
      return "a property has a value that is not allowed (3.2.2.3, 3.3.2.3)";
    case WireError::topic_alias_not_announced:
      return "a topic alias, though we announced a maximum of 0 (3.3.2.3.4)";
    case WireError::bad_qos:
      return "a message of a QoS that we did not subscribe with (3.3.1.2, 3.8.4)";
    case WireError::zero_packet_id:
      return "packet identifier 0 (2.2.1)";
    case WireError::bad_topic:
      return "an empty topic name, or one with a wildcard (3.3.2.1, 4.7.3)";
    case WireError::not_mqtt5:
      return "the broker answers in MQTT 3.1.1; MQTT 5 is needed (3.2.2)";
    case WireError::frame_too_large:
      return "a control packet larger than any that we asked for (2.1.4)";
  }
  return "";
}

}  // namespace telltale::broker::mqtt5
