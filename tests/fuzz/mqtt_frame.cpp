#include <algorithm>
#include <cstring>

#include "broker/frame_reader.hpp"
#include "broker/mqtt5_parse.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

using namespace broker;

void parse(const Frame& frame) {
  const std::string_view body(frame.body, frame.body_size);
  promise(frame.body_size <= frame.remaining_length, "no frame has more bytes than it says");
  if (const auto publish = mqtt5::parse_publish(frame.first_byte, body, frame.remaining_length)) {
    promise(publish->topic.empty() || (publish->topic.data() >= body.data() &&
                                       publish->topic.data() + publish->topic.size() <= body.data() + body.size()),
            "a topic lies in its packet");
    promise(publish->payload_offset <= frame.remaining_length, "a payload lies in its packet");
  }
  (void)mqtt5::parse_connack(frame.first_byte, body);
  (void)mqtt5::parse_puback(frame.first_byte, body);
  (void)mqtt5::parse_suback(frame.first_byte, body);
  (void)mqtt5::parse_unsuback(frame.first_byte, body);
  (void)mqtt5::parse_pingresp(frame.first_byte, body);
  (void)mqtt5::parse_disconnect(frame.first_byte, body);
}

/// The first byte says how many bytes come at a time.
void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t at_once = 1 + static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  FrameReader reader(4096);
  while (!bytes.empty()) {
    const auto room = reader.writable();
    promise(!room.empty(), "there is always room for bytes");
    const auto n = std::min({at_once, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), n);
    reader.appended(n);
    bytes.remove_prefix(n);
    const auto frames = reader.take();
    if (!frames) return;
    for (const auto& frame : frames->frames) {
      frame.body[frame.body_size] = 0;  // is ours to write
      parse(frame);
    }
  }
}

}  // namespace

Target mqtt_frame() { return {"mqtt_frame", &run}; }

}  // namespace telltale::fuzz
