#include "broker/mqtt5.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "broker/mqtt5_encode.hpp"
#include "broker/mqtt5_parse.hpp"

using namespace telltale::broker::mqtt5;
using namespace std::string_literals;

namespace {

constexpr std::uint8_t connack_byte = 0x20, puback_byte = 0x40, suback_byte = 0x90, unsuback_byte = 0xB0;
constexpr std::uint8_t publish_qos0 = 0x30, publish_qos1 = 0x32, pingresp_byte = 0xD0, disconnect_byte = 0xE0;

std::string text_of(std::uint32_t length) { return std::string(length, 'x'); }

}  // namespace

TEST_CASE("packets are written as the standard shows them", "[broker]") {
  std::string out;
  SECTION("CONNECT (3.1)") {
    encode(Connect{.client_id = "tt",
                   .username = "u",
                   .password = "pw",
                   .keepalive_s = 15,
                   .clean_start = false,
                   .session_expiry_s = 604'800,
                   .receive_maximum = 20'000},
           out);
    CHECK(out ==
          "\x10\x1E\x00\x04MQTT\x05\xC0\x00\x0F\x08\x11\x00\x09\x3A\x80\x21\x4E\x20\x00\x02tt\x00\x01u\x00\x02pw"s);
  }
  SECTION("CONNECT without user, clean start") {
    encode(Connect{.client_id = "tt", .username = {}, .password = {}, .clean_start = true}, out);
    CHECK(out == "\x10\x17\x00\x04MQTT\x05\x02\x00\x0F\x08\x11\x00\x00\x00\x00\x21\xFF\xFF\x00\x02tt"s);
  }
  SECTION("SUBSCRIBE with an identifier of two bytes, QoS 1, retain handling 1 (3.8)") {
    encode(Subscribe{.packet_id = 0x0102, .filter = "a/#", .subscription_identifier = 128}, out);
    CHECK(out ==
          "\x82\x0C\x01\x02\x03\x0B\x80\x01\x00\x03"
          "a/#\x11"s);
  }
  SECTION("SUBSCRIBE without an identifier, retain handling 0") {
    encode(Subscribe{.packet_id = 1,
                     .filter = "a",
                     .subscription_identifier = 0,
                     .maximum_qos = 0,
                     .retain_handling = RetainHandling::at_every_subscribe},
           out);
    CHECK(out ==
          "\x82\x07\x00\x01\x00\x00\x01"
          "a\x00"s);
  }
  SECTION("UNSUBSCRIBE (3.10)") {
    encode(Unsubscribe{.packet_id = 7, .filter = "a"}, out);
    CHECK(out ==
          "\xA2\x06\x00\x07\x00\x00\x01"
          "a"s);
  }
  SECTION("PUBLISH QoS 1 (3.3)") {
    encode(OutgoingPublish{.topic = "t", .payload = "hi", .qos = 1, .packet_id = 9, .retain = true}, out);
    CHECK(out == "\x33\x08\x00\x01t\x00\x09\x00hi"s);
  }
  SECTION("PUBACK, PINGREQ, DISCONNECT") {
    encode_puback(0x1234, out);
    encode_pingreq(out);
    encode_disconnect(reason::success, out);
    encode_disconnect(reason::protocol_error, out);
    CHECK(out == "\x40\x02\x12\x34\xC0\x00\xE0\x00\xE0\x01\x82"s);
  }
  SECTION("a string that is too long") {
    CHECK_THROWS_AS(encode(Unsubscribe{1, text_of(65'536)}, out), std::length_error);
  }
}

TEST_CASE("a fixed header is whole, incomplete or wrong", "[broker]") {
  const auto [bytes, size, length] = GENERATE(table<std::string, int, std::uint32_t>({
      {"", 0, 0},
      {"\x30", 0, 0},
      {"\x30\x00"s, 2, 0},
      {"\x30\x7F", 2, 127},
      {"\x30\x80", 0, 0},
      {"\x30\x80\x01", 3, 128},
      {"\x30\xFF\xFF\xFF\x7F", 5, max_variable_byte_integer},
      {"\x30\xFF\xFF\xFF", 0, 0},
      {"\x30\xFF\xFF\xFF\xFF", -1, 0},
  }));
  CAPTURE(bytes);
  const auto header = parse_fixed_header(bytes);
  REQUIRE(header.has_value() == (size >= 0));
  if (size < 0) {
    CHECK(header.error() == WireError::bad_variable_byte_integer);
  } else {
    REQUIRE(header->has_value() == (size > 0));
    if (size > 0) CHECK(((*header)->size == size && (*header)->remaining_length == length));
  }
}

TEST_CASE("a CONNACK says what the broker offers", "[broker]") {
  const std::string properties =
      "\x11\x00\x00\x0E\x10\x13\x00\x1E\x24\x00\x25\x00\x28\x00\x29\x00\x21\x00\x14\x26\x00\x01k\x00\x01v\x1F\x00\x02no"s;
  const std::string body = "\x01\x00"s + static_cast<char>(properties.size()) + properties;
  const auto whole = parse_connack(connack_byte, body);  // views into `body`
  REQUIRE(whole.has_value());
  CHECK(whole->session_present);
  CHECK(whole->session_expiry_s == 3600u);
  CHECK(whole->server_keepalive_s == 30);
  CHECK(whole->maximum_qos == 0);
  CHECK_FALSE(whole->retain_available);
  CHECK_FALSE(whole->wildcards_available);
  CHECK_FALSE(whole->subscription_identifiers_available);
  CHECK(whole->reason_string == "no");
}

TEST_CASE("what a broker may not send is refused with the reason", "[broker]") {
  enum class As { connack, publish, puback, suback, unsuback, pingresp, disconnect };
  const auto [what, as, first, body, error] = GENERATE(table<std::string, As, std::uint8_t, std::string, WireError>({
      {"3.1.1 accepts", As::connack, connack_byte, "\x00\x00"s, WireError::not_mqtt5},
      {"3.1.1 refuses the version", As::connack, connack_byte, "\x00\x01"s, WireError::not_mqtt5},
      {"empty CONNACK", As::connack, connack_byte, "", WireError::truncated},
      {"reserved CONNACK flags", As::connack, connack_byte, "\x02\x00\x00"s, WireError::bad_flags},
      {"header flags", As::connack, 0x21, "\x00\x00\x00"s, WireError::bad_flags},
      {"another type", As::connack, suback_byte, "\x00\x00\x00"s, WireError::unexpected_packet},
      {"property twice", As::connack, connack_byte, "\x00\x00\x06\x13\x00\x01\x13\x00\x01"s,
       WireError::duplicate_property},
      {"unknown property", As::connack, connack_byte, "\x00\x00\x02\x7E\x00"s, WireError::unknown_property},
      {"a PUBLISH property", As::connack, connack_byte, "\x00\x00\x02\x01\x00"s, WireError::property_out_of_place},
      {"maximum QoS 2", As::connack, connack_byte, "\x00\x00\x02\x24\x02"s, WireError::bad_property_value},
      {"receive maximum 0", As::connack, connack_byte, "\x00\x00\x03\x21\x00\x00"s, WireError::bad_property_value},
      {"property past its end", As::connack, connack_byte, "\x00\x00\x02\x13\x00"s, WireError::truncated},
      {"properties past the end", As::connack, connack_byte, "\x00\x00\x05\x13\x00"s, WireError::truncated},
      {"bytes behind", As::connack, connack_byte, "\x00\x00\x00z"s, WireError::trailing_bytes},
      {"QoS 3", As::publish, 0x36, "\x00\x01t\x00\x01\x00"s, WireError::bad_qos},
      {"QoS 2", As::publish, 0x34, "\x00\x01t\x00\x01\x00"s, WireError::bad_qos},
      {"DUP with QoS 0", As::publish, 0x38, "\x00\x01t\x00"s, WireError::bad_flags},
      {"packet id 0", As::publish, publish_qos1, "\x00\x01t\x00\x00\x00"s, WireError::zero_packet_id},
      {"topic past the end", As::publish, publish_qos0, "\x00\x09t\x00"s, WireError::truncated},
      {"no property length", As::publish, publish_qos0, "\x00\x01t"s, WireError::truncated},
      {"topic alias", As::publish, publish_qos0, "\x00\x01t\x03\x23\x00\x01"s, WireError::topic_alias_not_announced},
      {"empty topic", As::publish, publish_qos0, "\x00\x00\x00"s, WireError::bad_topic},
      {"wildcard topic", As::publish, publish_qos0,
       "\x00\x03"
       "a/#\x00"s,
       WireError::bad_topic},
      {"subscription identifier 0", As::publish, publish_qos0, "\x00\x01t\x02\x0B\x00"s, WireError::bad_property_value},
      {"identifier of five bytes", As::publish, publish_qos0, "\x00\x01t\x06\x0B\x80\x80\x80\x80\x01"s,
       WireError::bad_variable_byte_integer},
      {"properties past the packet", As::publish, publish_qos0, "\x00\x01t\x7F"s, WireError::truncated},
      {"half a PUBACK", As::puback, puback_byte, "\x01"s, WireError::truncated},
      {"PUBACK of 0", As::puback, puback_byte, "\x00\x00"s, WireError::zero_packet_id},
      {"SUBACK without a code", As::suback, suback_byte, "\x00\x01\x00"s, WireError::truncated},
      {"SUBACK with two codes", As::suback, suback_byte, "\x00\x01\x00\x01\x01"s, WireError::trailing_bytes},
      {"UNSUBACK of 0", As::unsuback, unsuback_byte, "\x00\x00\x00\x00"s, WireError::zero_packet_id},
      {"PINGRESP with a body", As::pingresp, pingresp_byte, "x", WireError::trailing_bytes},
      {"DISCONNECT with flags", As::disconnect, 0xE1, "", WireError::bad_flags},
  }));
  CAPTURE(what);
  const auto error_of = [](const auto& result) -> std::optional<WireError> {
    if (result.has_value()) return std::nullopt;
    return result.error();
  };
  std::optional<WireError> got;
  switch (as) {
    case As::connack:
      got = error_of(parse_connack(first, body));
      break;
    case As::publish:
      got = error_of(parse_publish(first, body, static_cast<std::uint32_t>(body.size())));
      break;
    case As::puback:
      got = error_of(parse_puback(first, body));
      break;
    case As::suback:
      got = error_of(parse_suback(first, body));
      break;
    case As::unsuback:
      got = error_of(parse_unsuback(first, body));
      break;
    case As::pingresp:
      got = error_of(parse_pingresp(first, body));
      break;
    case As::disconnect:
      got = error_of(parse_disconnect(first, body));
      break;
  }
  REQUIRE(got.has_value());
  CHECK(*got == error);
  CHECK(describe(*got).find('(') != std::string_view::npos);  // every sentence cites its section
}

TEST_CASE("a PUBLISH is taken apart in place", "[broker]") {
  const std::string body =
      "\x00\x03"
      "a/b"
      "\x00\x2A"
      "\x0C"
      "\x0B\x05\x0B\x80\x01\x02\x00\x00\x00\x3C\x01\x01"
      "hi"s;
  const auto publish = parse_publish(0x3B, body, static_cast<std::uint32_t>(body.size()));
  REQUIRE(publish.has_value());
  CHECK(publish->topic == "a/b");
  CHECK(publish->topic.data() == body.data() + 2);
  CHECK(publish->packet_id == 42);
  CHECK(publish->qos == 1);
  CHECK(publish->dup);
  CHECK(publish->retain);
  REQUIRE(publish->subscription_identifier_count == 2);
  CHECK(publish->subscription_identifiers[0] == 5);
  CHECK(publish->subscription_identifiers[1] == 128);
  CHECK(body.substr(publish->payload_offset) == "hi");
}

TEST_CASE("the beginning of a PUBLISH is enough for its topic and packet id", "[broker]") {
  const std::string head = "\x00\x01t\x00\x07\x00payl"s;
  const auto cut = parse_publish(publish_qos1, head, 5000);
  REQUIRE(cut.has_value());
  CHECK(cut->packet_id == 7);
  CHECK(head.substr(cut->payload_offset) == "payl");
  const std::string long_properties = "\x00\x01t\x00\x07\xE8\x07\x26\x03\xE0zzz"s;
  const auto lost = parse_publish(publish_qos1, long_properties, 5000);
  REQUIRE(lost.has_value());
  CHECK(lost->payload_offset == 7 + 1000);
  CHECK(lost->subscription_identifier_count == 0);
}

TEST_CASE("answers carry their packet id and reason", "[broker]") {
  CHECK(parse_suback(suback_byte, "\x00\x05\x00\x87"s)->reason_code == 0x87);
  CHECK(parse_suback(suback_byte, "\x00\x05\x05\x1F\x00\x02no\x01"s)->reason_code == 1);
  CHECK(parse_unsuback(unsuback_byte, "\x00\x05\x00\x11"s)->packet_id == 5);
  CHECK(parse_puback(puback_byte, "\x00\x05"s)->reason_code == 0);
  CHECK(parse_puback(puback_byte, "\x00\x05\x10"s)->reason_code == 0x10);
  CHECK(parse_disconnect(disconnect_byte, "")->reason_code == 0);
  CHECK(parse_disconnect(disconnect_byte, "\x8E\x05\x1F\x00\x02no"s)->reason_string == "no");
  CHECK(parse_pingresp(pingresp_byte, "").has_value());
  CHECK(reason_text(0x8E) == "session taken over (0x8E)");
}
