#include "broker/frame_reader.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "broker/mqtt5_encode.hpp"

using namespace telltale::broker;
using namespace std::string_literals;

namespace {

/// Feeds bytes in pieces of the given sizes; the rest in one piece. Nothing after an error.
struct Fed {
  std::vector<std::string> bodies;  // first byte + body
  std::vector<std::uint32_t> lengths;
  bool failed = false;
};

Fed feed(std::string_view bytes, const std::vector<std::size_t>& pieces, std::uint32_t max_frame_bytes) {
  FrameReader reader(max_frame_bytes);
  Fed fed;
  std::size_t piece = 0;
  while (!bytes.empty()) {
    const auto room = reader.writable();
    std::size_t n = piece < pieces.size() ? std::max<std::size_t>(pieces[piece++], 1) : bytes.size();
    n = std::min({n, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), n);
    bytes.remove_prefix(n);
    reader.appended(n);
    const auto frames = reader.take();
    if (!frames) {
      fed.failed = true;
      return fed;
    }
    for (const auto& frame : frames->frames) {
      frame.body[frame.body_size] = '\0';  // the byte behind belongs to the receiver
    }
    for (const auto& frame : frames->frames) {
      fed.bodies.push_back(static_cast<char>(frame.first_byte) + std::string(frame.body, frame.body_size));
      fed.lengths.push_back(frame.remaining_length);
    }
  }
  return fed;
}

std::string publish(std::string_view topic, const std::string& payload, std::uint16_t id) {
  std::string out;
  encode(mqtt5::OutgoingPublish{.topic = topic, .payload = payload, .qos = 1, .packet_id = id, .retain = false}, out);
  return out;
}

}  // namespace

TEST_CASE("no bytes crash the frame reader or the parsers", "[broker][property]") {
  CHECK(rc::check("any bytes", [](const std::string& bytes, const std::vector<std::uint8_t>& cuts) {
    (void)feed(bytes, {cuts.begin(), cuts.end()}, 64);
    const auto first = bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
    for (unsigned type = 0; type < 16; ++type) {
      const auto byte = static_cast<std::uint8_t>(type << 4 | (first & 0x0F));
      (void)mqtt5::parse_connack(byte, bytes);
      (void)mqtt5::parse_publish(byte, bytes, static_cast<std::uint32_t>(bytes.size()));
      (void)mqtt5::parse_publish(byte, bytes, static_cast<std::uint32_t>(bytes.size() + 100));
      (void)mqtt5::parse_suback(byte, bytes);
      (void)mqtt5::parse_unsuback(byte, bytes);
      (void)mqtt5::parse_puback(byte, bytes);
      (void)mqtt5::parse_disconnect(byte, bytes);
    }
  }));
}

TEST_CASE("no changed byte of a good packet crashes a parser", "[broker][property]") {
  CHECK(rc::check("one byte changed", [](std::uint8_t at, char value) {
    std::string body =
        "\x00\x03"
        "a/b"
        "\x00\x2A\x0C\x0B\x05\x0B\x80\x01\x02\x00\x00\x00\x3C\x01\x01"
        "hi"s;
    body[at % body.size()] = value;
    const auto parsed = mqtt5::parse_publish(0x32, body, static_cast<std::uint32_t>(body.size()));
    if (parsed) RC_ASSERT(parsed->payload_offset <= body.size());
  }));
}

TEST_CASE("however the bytes are cut, the packets are the same", "[broker][property]") {
  CHECK(rc::check("any cuts", [](const std::vector<std::string>& payloads, const std::vector<std::uint8_t>& cuts) {
    std::string bytes;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      // Every third one is far over the limit of 200 bytes.
      const std::string payload = i % 3 == 2 ? payloads[i] + std::string(150'000, 'x') : payloads[i];
      bytes += publish("topic/" + std::to_string(i), payload, static_cast<std::uint16_t>(i + 1));
    }
    const auto whole = feed(bytes, {}, 200);
    const auto cut = feed(bytes, {cuts.begin(), cuts.end()}, 200);
    RC_ASSERT(!whole.failed && !cut.failed);
    RC_ASSERT(whole.bodies.size() == payloads.size());
    RC_ASSERT(whole.bodies == cut.bodies);
    RC_ASSERT(whole.lengths == cut.lengths);
  }));
}

TEST_CASE("a frame of exactly the limit is whole, one byte more is cut to its first KB", "[broker]") {
  constexpr std::uint32_t limit = 3000;
  const std::size_t head = 2 + 1 + 2 + 1;  // topic length, topic, packet id, property length
  const auto at_limit = feed(publish("t", std::string(limit - head, 'x'), 1), {}, limit);
  REQUIRE(at_limit.bodies.size() == 1);
  CHECK(at_limit.bodies[0].size() == 1 + limit);
  const auto over = feed(publish("t", std::string(limit - head + 1, 'x'), 1), {}, limit);
  REQUIRE(over.bodies.size() == 1);
  CHECK(over.lengths[0] == limit + 1);
  CHECK(over.bodies[0].size() == 1 + head + FrameReader::kept_payload_bytes);
}

TEST_CASE("an oversize packet that is no PUBLISH ends the connection", "[broker]") {
  std::string suback = "\x90\x88\x27";
  suback += std::string(5000, '\0');
  CHECK(feed(suback, {}, 3000).failed);
}

TEST_CASE("a slab is not touched again after it was handed on", "[broker]") {
  FrameReader reader(4096);
  const std::string first = publish("t", "one", 1), second = publish("t", "two", 2);
  const std::string bytes = first + second.substr(0, 5);
  std::memcpy(reader.writable().data(), bytes.data(), bytes.size());
  reader.appended(bytes.size());
  const auto frames = reader.take();
  REQUIRE(frames.has_value());
  REQUIRE(frames->slabs.size() == 1);
  const std::vector<char> before = *frames->slabs[0];
  CHECK(before.size() == first.size() + 1);
  std::memcpy(reader.writable().data(), second.data() + 5, second.size() - 5);
  reader.appended(second.size() - 5);
  const auto more = reader.take();
  REQUIRE(more.has_value());
  CHECK(more->frames.size() == 1);
  CHECK(*frames->slabs[0] == before);
  CHECK(more->slabs[0] != frames->slabs[0]);
}
