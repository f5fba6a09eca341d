#include "broker/mqtt5_encode.hpp"

#include <stdexcept>

#include "broker/mqtt5.hpp"

namespace telltale::broker::mqtt5 {
namespace {

constexpr std::uint8_t fixed_header(PacketType type, std::uint8_t flags = 0) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags);
}

void put_byte(unsigned v, std::string& out) { out.push_back(static_cast<char>(static_cast<std::uint8_t>(v))); }

void put_u16(std::uint16_t v, std::string& out) {
  put_byte(v >> 8, out);
  put_byte(v & 0xFF, out);
}

void put_u32(std::uint32_t v, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) put_byte((v >> shift) & 0xFF, out);
}

void put_variable(std::size_t v, std::string& out) {
  if (v > max_variable_byte_integer) throw std::length_error("MQTT packet larger than 256 MB");
  do {
    const auto low = static_cast<unsigned>(v & 0x7F);
    v >>= 7;
    put_byte(v ? low | 0x80 : low, out);
  } while (v);
}

void put_string(std::string_view text, std::string& out) {
  if (text.size() > 65'535) throw std::length_error("MQTT string longer than 65535 bytes");
  put_u16(static_cast<std::uint16_t>(text.size()), out);
  out.append(text);
}

void put_property(Property id, std::string& out) { put_byte(static_cast<unsigned>(id), out); }

void put_packet(std::uint8_t first, std::string_view body, std::string& out) {
  put_byte(first, out);
  put_variable(body.size(), out);
  out.append(body);
}

}  // namespace

void encode(const Connect& packet, std::string& out) {
  std::string properties;
  put_property(Property::session_expiry_interval, properties);
  put_u32(packet.session_expiry_s, properties);
  put_property(Property::receive_maximum, properties);
  put_u16(packet.receive_maximum, properties);

  unsigned flags = packet.clean_start ? 0x02 : 0x00;  // 3.1.2.3
  if (!packet.username.empty()) flags |= 0x80;
  if (!packet.password.empty()) flags |= 0x40;
  std::string body;
  put_string("MQTT", body);
  put_byte(5, body);
  put_byte(flags, body);
  put_u16(packet.keepalive_s, body);
  put_variable(properties.size(), body);
  body += properties;
  put_string(packet.client_id, body);
  if (!packet.username.empty()) put_string(packet.username, body);
  if (!packet.password.empty()) put_string(packet.password, body);
  put_packet(fixed_header(PacketType::connect), body, out);
}

void encode(const Subscribe& packet, std::string& out) {
  std::string properties;
  if (packet.subscription_identifier != 0) {
    put_property(Property::subscription_identifier, properties);
    put_variable(packet.subscription_identifier, properties);
  }
  std::string body;
  put_u16(packet.packet_id, body);
  put_variable(properties.size(), body);
  body += properties;
  put_string(packet.filter, body);
  put_byte(packet.maximum_qos | static_cast<unsigned>(packet.retain_handling) << 4, body);  // 3.8.3.1
  put_packet(fixed_header(PacketType::subscribe, 0x02), body, out);
}

void encode(const Unsubscribe& packet, std::string& out) {
  std::string body;
  put_u16(packet.packet_id, body);
  put_variable(0, body);
  put_string(packet.filter, body);
  put_packet(fixed_header(PacketType::unsubscribe, 0x02), body, out);
}

void encode(const OutgoingPublish& packet, std::string& out) {
  std::string body;
  put_string(packet.topic, body);
  if (packet.qos > 0) put_u16(packet.packet_id, body);
  put_variable(0, body);
  body += packet.payload;
  const auto flags = static_cast<std::uint8_t>(packet.qos << 1 | (packet.retain ? 1 : 0));
  put_packet(fixed_header(PacketType::publish, flags), body, out);
}

void encode_puback(std::uint16_t packet_id, std::string& out) {
  put_byte(fixed_header(PacketType::puback), out);
  put_byte(2, out);  // 3.4.2.1: without a reason code it means success
  put_u16(packet_id, out);
}

void encode_pingreq(std::string& out) {
  put_byte(fixed_header(PacketType::pingreq), out);
  put_byte(0, out);
}

void encode_disconnect(std::uint8_t reason_code, std::string& out) {
  put_byte(fixed_header(PacketType::disconnect), out);
  if (reason_code == reason::success) return put_byte(0, out);
  put_byte(1, out);
  put_byte(reason_code, out);
}

}  // namespace telltale::broker::mqtt5
