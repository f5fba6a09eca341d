#include "broker/mqtt5_parse.hpp"

#include <bitset>

namespace telltale::broker::mqtt5 {
namespace {

/// Reads big-endian fields; the first error sticks and every later read gives 0 or "".
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::optional<WireError> error() const { return error_; }
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }

  void fail_with(WireError error) {
    if (!error_) error_ = error;
    at_ = bytes_.size();
  }
  std::string_view raw(std::size_t n) {
    if (bytes_.size() - at_ < n) {
      fail_with(WireError::truncated);
      return {};
    }
    const auto part = bytes_.substr(at_, n);
    at_ += n;
    return part;
  }
  std::uint32_t number(std::size_t bytes) {
    std::uint32_t v = 0;
    for (const char c : raw(bytes)) v = v << 8 | static_cast<std::uint8_t>(c);
    return v;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return number(4); }
  std::string_view string() { return raw(u16()); }
  std::uint32_t variable() {
    std::uint32_t v = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t b = u8();
      v |= static_cast<std::uint32_t>(b & 0x7F) << shift;
      if (!(b & 0x80)) return v;
    }
    fail_with(WireError::bad_variable_byte_integer);
    return 0;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::optional<WireError> error_;
};

enum class Shape : std::uint8_t { byte, u16, u32, variable, string, pair };

/// Section 2.2.2.2, table 2-4.
std::optional<Shape> shape_of(Property property) {
  switch (property) {
    case Property::payload_format_indicator:
    case Property::maximum_qos:
    case Property::retain_available:
    case Property::wildcard_subscription_available:
    case Property::subscription_identifier_available:
    case Property::shared_subscription_available:
      return Shape::byte;
    case Property::server_keep_alive:
    case Property::receive_maximum:
    case Property::topic_alias_maximum:
    case Property::topic_alias:
      return Shape::u16;
    case Property::message_expiry_interval:
    case Property::session_expiry_interval:
    case Property::maximum_packet_size:
      return Shape::u32;
    case Property::subscription_identifier:
      return Shape::variable;
    case Property::content_type:
    case Property::response_topic:
    case Property::correlation_data:
    case Property::assigned_client_identifier:
    case Property::authentication_method:
    case Property::authentication_data:
    case Property::response_information:
    case Property::server_reference:
    case Property::reason_string:
      return Shape::string;
    case Property::user_property:
      return Shape::pair;
  }
  return std::nullopt;
}

bool belongs_to(Property property, PacketType packet) {
  if (property == Property::user_property) return true;
  const auto id = static_cast<unsigned>(property);
  switch (packet) {
    case PacketType::publish:
      return id <= 0x0B || property == Property::topic_alias;
    case PacketType::connack:
      return id >= 0x11 && property != Property::topic_alias;
    case PacketType::disconnect:
      return property == Property::reason_string || property == Property::server_reference ||
             property == Property::session_expiry_interval;
    default:
      return property == Property::reason_string;
  }
}

/// Calls on_property(property, number, text) for each of `bytes`; a pair's text is its name.
template <class OnProperty>
void each_property(std::string_view bytes, PacketType packet, Fields& outer, OnProperty&& on_property) {
  Fields in(bytes);
  std::bitset<64> seen;
  while (!in.at_end()) {
    const std::uint8_t id = in.u8();
    const auto property = static_cast<Property>(id);
    const auto shape = shape_of(property);
    if (!shape) return outer.fail_with(WireError::unknown_property);
    if (!belongs_to(property, packet)) return outer.fail_with(WireError::property_out_of_place);
    const bool may_repeat = *shape == Shape::pair || property == Property::subscription_identifier;
    if (seen.test(id) && !may_repeat) return outer.fail_with(WireError::duplicate_property);
    seen.set(id);
    std::uint32_t number = 0;
    std::string_view text;
    switch (*shape) {
      case Shape::byte:
        number = in.u8();
        break;
      case Shape::u16:
        number = in.u16();
        break;
      case Shape::u32:
        number = in.u32();
        break;
      case Shape::variable:
        number = in.variable();
        break;
      case Shape::string:
        text = in.string();
        break;
      case Shape::pair:
        text = in.string();
        in.string();
        break;
    }
    if (in.error()) return outer.fail_with(*in.error());
    if (*shape == Shape::byte && number > 1) return outer.fail_with(WireError::bad_property_value);
    on_property(property, number, text);
  }
}

template <class T>
Result<T, WireError> finish(Fields& in, T&& value) {
  if (!in.error() && !in.at_end()) in.fail_with(WireError::trailing_bytes);
  if (in.error()) return fail(*in.error());
  return std::forward<T>(value);
}

std::optional<WireError> check_first_byte(std::uint8_t first_byte, PacketType expected) {
  if (packet_type(first_byte) != expected) return WireError::unexpected_packet;
  if ((first_byte & 0x0F) != 0) return WireError::bad_flags;
  return std::nullopt;
}

/// SUBACK (3.9) and UNSUBACK (3.11) of one filter have one shape.
Result<Answer, WireError> parse_one_reason(std::uint8_t first_byte, PacketType type, std::string_view body) {
  if (const auto error = check_first_byte(first_byte, type)) return fail(*error);
  Fields in(body);
  Answer answer;
  answer.packet_id = in.u16();
  const auto properties = in.raw(in.variable());
  each_property(properties, type, in, [](Property, std::uint32_t, std::string_view) {});
  answer.reason_code = in.u8();
  if (!in.error() && answer.packet_id == 0) in.fail_with(WireError::zero_packet_id);
  return finish(in, std::move(answer));
}

void read_publish_properties(std::string_view properties, Fields& in, Publish& publish) {
  each_property(properties, PacketType::publish, in, [&](Property property, std::uint32_t number, std::string_view) {
    if (property == Property::topic_alias) in.fail_with(WireError::topic_alias_not_announced);
    if (property != Property::subscription_identifier) return;
    if (number == 0) return in.fail_with(WireError::bad_property_value);  // 3.3.2.3.8
    if (publish.subscription_identifier_count < publish.subscription_identifiers.size()) {
      publish.subscription_identifiers[publish.subscription_identifier_count++] = number;
    }
  });
}

}  // namespace

Result<std::optional<FixedHeader>, WireError> parse_fixed_header(std::string_view bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    if (i >= bytes.size()) return std::nullopt;
    const auto b = static_cast<std::uint8_t>(bytes[i]);
    length |= static_cast<std::uint32_t>(b & 0x7F) << (7 * (i - 1));
    if (!(b & 0x80)) {
      return FixedHeader{static_cast<std::uint8_t>(bytes[0]), static_cast<std::uint8_t>(i + 1), length};
    }
  }
  return fail(WireError::bad_variable_byte_integer);
}

Result<Connack, WireError> parse_connack(std::uint8_t first_byte, std::string_view body) {
  if (const auto error = check_first_byte(first_byte, PacketType::connack)) return fail(*error);
  if (body.size() == 2) return fail(WireError::not_mqtt5);  // 3.1.1 has no property length
  Fields in(body);
  Connack connack;
  const std::uint8_t flags = in.u8();
  if (flags > 1) return fail(WireError::bad_flags);
  connack.session_present = flags == 1;
  connack.reason_code = in.u8();
  const auto properties = in.raw(in.variable());
  each_property(properties, PacketType::connack, in, [&](Property property, std::uint32_t number, auto text) {
    switch (property) {
      case Property::session_expiry_interval:
        connack.session_expiry_s = number;
        break;
      case Property::server_keep_alive:
        connack.server_keepalive_s = static_cast<std::uint16_t>(number);
        break;
      case Property::maximum_qos:
        connack.maximum_qos = static_cast<std::uint8_t>(number);
        break;
      case Property::retain_available:
        connack.retain_available = number == 1;
        break;
      case Property::wildcard_subscription_available:
        connack.wildcards_available = number == 1;
        break;
      case Property::subscription_identifier_available:
        connack.subscription_identifiers_available = number == 1;
        break;
      case Property::reason_string:
        connack.reason_string = text;
        break;
      case Property::receive_maximum:
        if (number == 0) in.fail_with(WireError::bad_property_value);  // 3.2.2.3.3
        break;
      default:
        break;
    }
  });
  return finish(in, std::move(connack));
}

Result<Publish, WireError> parse_publish(std::uint8_t first_byte, std::string_view body,
                                         std::uint32_t remaining_length) {
  if (packet_type(first_byte) != PacketType::publish) return fail(WireError::unexpected_packet);
  Publish publish;
  publish.dup = (first_byte & 0x08) != 0;
  publish.qos = (first_byte >> 1) & 0x03;
  publish.retain = (first_byte & 0x01) != 0;
  if (publish.qos > 1) return fail(WireError::bad_qos);
  if (publish.qos == 0 && publish.dup) return fail(WireError::bad_flags);  // 3.3.1.1
  Fields in(body);
  publish.topic = in.string();
  if (publish.qos > 0) {
    publish.packet_id = in.u16();
    if (!in.error() && publish.packet_id == 0) return fail(WireError::zero_packet_id);
  }
  const std::uint32_t properties_size = in.variable();
  if (in.error()) return fail(*in.error());
  const std::size_t payload_offset = in.position() + properties_size;
  if (payload_offset > remaining_length) return fail(WireError::truncated);
  // Properties that were cut off are not looked into: the message is handed on without its filter.
  if (payload_offset <= body.size()) read_publish_properties(in.raw(properties_size), in, publish);
  if (in.error()) return fail(*in.error());
  if (publish.topic.empty() || publish.topic.find_first_of("+#") != std::string_view::npos) {
    return fail(WireError::bad_topic);
  }
  publish.payload_offset = static_cast<std::uint32_t>(payload_offset);
  return publish;
}

Result<Answer, WireError> parse_puback(std::uint8_t first_byte, std::string_view body) {
  if (const auto error = check_first_byte(first_byte, PacketType::puback)) return fail(*error);
  Fields in(body);
  Answer answer;
  answer.packet_id = in.u16();
  if (!in.error() && answer.packet_id == 0) return fail(WireError::zero_packet_id);
  if (!in.at_end()) answer.reason_code = in.u8();  // 3.4.2.1: absent means success
  if (!in.at_end()) {
    const auto properties = in.raw(in.variable());
    each_property(properties, PacketType::puback, in, [](Property, std::uint32_t, std::string_view) {});
  }
  return finish(in, std::move(answer));
}

Result<Answer, WireError> parse_suback(std::uint8_t first_byte, std::string_view body) {
  return parse_one_reason(first_byte, PacketType::suback, body);
}

Result<Answer, WireError> parse_unsuback(std::uint8_t first_byte, std::string_view body) {
  return parse_one_reason(first_byte, PacketType::unsuback, body);
}

Result<void, WireError> parse_pingresp(std::uint8_t first_byte, std::string_view body) {
  if (const auto error = check_first_byte(first_byte, PacketType::pingresp)) return fail(*error);
  if (!body.empty()) return fail(WireError::trailing_bytes);
  return {};
}

Result<Disconnect, WireError> parse_disconnect(std::uint8_t first_byte, std::string_view body) {
  if (const auto error = check_first_byte(first_byte, PacketType::disconnect)) return fail(*error);
  Fields in(body);
  Disconnect disconnect;
  if (!in.at_end()) disconnect.reason_code = in.u8();  // 3.14.2.1: absent means normal
  if (!in.at_end()) {
    const auto properties = in.raw(in.variable());
    each_property(properties, PacketType::disconnect, in, [&](Property property, std::uint32_t, auto text) {
      if (property == Property::reason_string) disconnect.reason_string = text;
    });
  }
  return finish(in, std::move(disconnect));
}

}  // namespace telltale::broker::mqtt5
