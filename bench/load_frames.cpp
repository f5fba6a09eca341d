#include "bench/load_frames.hpp"

#include <algorithm>
#include <cstdio>

#include "bench/mqtt_bytes.hpp"

namespace telltale::bench {
namespace {

constexpr std::size_t number_digits = 10;
constexpr std::size_t ts_digits = 13;

/// A reserved key, so no metric: makes a single row with a time and three values 120 bytes.
constexpr const char* single_padding = ",\"meta\":\"padded to 120 by.\"";

void write_digits(std::string& out, std::size_t at, std::size_t count, std::uint64_t v) {
  for (std::size_t i = count; i-- > 0; v /= 10) out[at + i] = static_cast<char>('0' + v % 10);
}

}  // namespace

LoadFrames::LoadFrames(LoadShape shape, std::uint64_t first_number)
    : shape_(std::move(shape)),
      templates_(shape_.topics * 4),
      last_ts_(shape_.topics, 0),
      next_number_(number_base + first_number) {}

LoadFrames::Template LoadFrames::build(std::size_t device, bool array, bool stamped) const {
  char name[16];
  std::snprintf(name, sizeof name, "dev-%05zu", device);
  std::string payload;
  std::vector<Place> places;
  if (array) payload += '[';
  for (std::size_t i = 0; i < (array ? shape_.rows : 1); ++i) {
    Place place;
    payload += i > 0 ? ",{" : "{";
    if (stamped) {
      payload += "\"ts\":";
      place.ts = payload.size();
      payload += "0000000000000,";
    }
    payload += shape_.numbered ? "\"n\":" : "\"seq\":";
    place.number = payload.size();
    payload += "0000000000,\"temperature\":21.";
    place.value = payload.size();
    payload += "00";
    if (shape_.metrics > 1) payload += ",\"humidity\":45.12";
    if (shape_.metrics > 2) payload += ",\"pressure\":1013.25";
    if (!array) payload += single_padding;
    payload += '}';
    places.push_back(place);
  }
  if (array) payload += ']';

  std::string body;
  append_text(body, "telemetry/" + shape_.site + '/' + name);
  Template made;
  made.packet_id = body.size();
  if (shape_.qos > 0) append_u16(body, 0);
  const std::size_t payload_at = body.size();
  body += payload;
  made.frame = packet(0x30U | shape_.qos << 1, body);
  const std::size_t header = made.frame.size() - body.size();
  made.packet_id += header;
  for (auto& place : places) {
    for (auto* offset : {&place.number, &place.ts, &place.value}) {
      if (*offset > 0) *offset += payload_at + header;
    }
  }
  made.rows = std::move(places);
  return made;
}

MessageRecord LoadFrames::append_next(std::string& out, std::uint16_t packet_id, std::int64_t now_ms) {
  const std::uint64_t message = message_++;
  const auto device = static_cast<std::size_t>(message % shape_.topics);
  const std::uint64_t round = message / shape_.topics;
  const bool array = shape_.shape == Shape::arrays || (shape_.shape == Shape::mixed && (device + round) % 3 == 0);
  const bool stamped = shape_.stamps == Stamps::device || (shape_.stamps == Stamps::mixed && device % 2 == 0);
  Template& made = templates_[device * 4 + (array ? 2U : 0U) + (stamped ? 1U : 0U)];
  if (made.frame.empty()) made = build(device, array, stamped);

  MessageRecord record{device, next_number_, made.rows.size(), 0};
  if (stamped) {
    const auto span = static_cast<std::int64_t>(made.rows.size()) - 1;
    record.first_ts = std::max(now_ms - span, last_ts_[device] + 1);
    last_ts_[device] = record.first_ts + span;
  }
  const std::size_t at = out.size();
  out += made.frame;
  if (shape_.qos > 0) {
    out[at + made.packet_id] = static_cast<char>(packet_id >> 8);
    out[at + made.packet_id + 1] = static_cast<char>(packet_id & 0xff);
  }
  std::int64_t ts = record.first_ts;
  for (const auto& place : made.rows) {
    write_digits(out, at + place.number, number_digits, next_number_);
    write_digits(out, at + place.value, 2, (message * 37 + round) % 100);
    if (stamped) write_digits(out, at + place.ts, ts_digits, static_cast<std::uint64_t>(ts++));
    ++next_number_;
  }
  return record;
}

}  // namespace telltale::bench
