#include "store/batch_codec.hpp"

#include <algorithm>
#include <variant>

#include "proto/bytes.hpp"
#include "store/event_codec.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr std::uint8_t version = 1;
// The same layout. A reader knows by its first byte that it has to look at the events before it shows anything.
constexpr std::uint8_t version_with_removals = 2;

bool removes(const Batch& batch) {
  return std::ranges::any_of(
      batch.events, [](const PlacedEvent& placed) { return std::holds_alternative<DevicesRemoved>(placed.event); });
}

std::uint8_t kind_of(const Reading& r) noexcept {
  return static_cast<std::uint8_t>(static_cast<unsigned>(r.type) | (static_cast<unsigned>(r.source) << 2));
}

std::uint64_t difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

void put_readings(const Batch& batch, ByteWriter& out) {
  const auto& readings = batch.readings;
  for (std::size_t i = 0; i < readings.size();) {
    const auto kind = kind_of(readings[i]);
    std::size_t end = i + 1;
    while (end < readings.size() && kind_of(readings[end]) == kind) ++end;
    out.u8(kind);
    out.varint(end - i);
    i = end;
  }
  std::int64_t previous_series = 0;
  for (const auto& r : readings) {
    const std::int64_t series = to_number(r.series);
    out.zigzag(series - previous_series);
    previous_series = series;
  }
  std::int64_t previous_ts = 0;
  for (const auto& r : readings) {
    out.zigzag(static_cast<std::int64_t>(difference(to_ms(r.ts), previous_ts)));
    previous_ts = to_ms(r.ts);
  }
  for (const auto& r : readings) {
    switch (r.type) {
      case ValueType::number:
        out.f64(r.number);
        break;
      case ValueType::integer:
        out.zigzag(r.integer);
        break;
      case ValueType::boolean:
        out.u8(r.number != 0 ? 1 : 0);
        break;
      case ValueType::text:
        out.varint(r.text.offset);
        out.varint(r.text.length);
        break;
    }
  }
}

bool take_kinds(ByteReader& in, std::vector<Reading>& readings) {
  for (std::size_t i = 0; i < readings.size();) {
    const auto kind = in.u8();
    const auto run = in.varint();
    if (!in.ok() || kind >= 16 || run == 0 || run > readings.size() - i) return false;
    for (std::size_t end = i + static_cast<std::size_t>(run); i < end; ++i) {
      readings[i].type = static_cast<ValueType>(kind & 3);
      readings[i].source = static_cast<TsSource>(kind >> 2);
    }
  }
  return true;
}

bool take_value(ByteReader& in, std::size_t arena, Reading& r) {
  switch (r.type) {
    case ValueType::number:
      r.number = in.f64();
      break;
    case ValueType::integer:
      r.integer = in.zigzag();
      break;
    case ValueType::boolean:
      r.number = in.u8() != 0 ? 1.0 : 0.0;
      break;
    case ValueType::text: {
      const auto offset = in.varint();
      const auto length = in.varint();
      if (offset > arena || length > arena - offset) return false;
      r.text = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
      break;
    }
  }
  return in.ok();
}

bool take_readings(ByteReader& in, std::size_t count, Batch& batch) {
  batch.readings.assign(count, Reading{});
  if (!take_kinds(in, batch.readings)) return false;
  std::int64_t series = 0;
  for (auto& r : batch.readings) {
    series = static_cast<std::int64_t>(static_cast<std::uint64_t>(series) + static_cast<std::uint64_t>(in.zigzag()));
    if (series < 0 || series > INT64_C(0xFFFFFFFF)) return false;
    r.series = static_cast<SeriesId>(static_cast<std::uint32_t>(series));
  }
  std::uint64_t ts = 0;
  for (auto& r : batch.readings) {
    ts += static_cast<std::uint64_t>(in.zigzag());
    r.ts = from_ms(static_cast<std::int64_t>(ts));
  }
  if (!in.ok() || batch.text.size() > UINT32_MAX) return false;
  return std::all_of(batch.readings.begin(), batch.readings.end(),
                     [&](Reading& r) { return take_value(in, batch.text.size(), r); });
}

bool take_events(ByteReader& in, Batch& batch) {
  const auto count = in.varint();
  if (count > in.remaining()) return false;
  std::uint64_t place = 0;
  batch.events.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    place += in.varint();
    if (!in.ok() || place > batch.readings.size()) return false;
    batch.events.push_back({static_cast<std::uint32_t>(place), {}});
    if (!decode(in, batch.events.back().event)) return false;
  }
  return true;
}

bool take_packets(ByteReader& in, Batch& batch) {
  const auto count = in.varint();
  if (count > in.remaining()) return false;
  batch.packets.clear();
  std::int64_t epoch = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    epoch = static_cast<std::int64_t>(static_cast<std::uint64_t>(epoch) + static_cast<std::uint64_t>(in.zigzag()));
    if (epoch < 0 || epoch > INT64_C(0xFFFFFFFF)) return false;
    PacketRecord record{};
    record.epoch = static_cast<std::uint32_t>(epoch);
    record.packet_id = in.u16();
    record.hash = in.u64();
    batch.packets.push_back(record);
  }
  return in.ok();
}

bool take_head(ByteReader& in, BatchHead& head) {
  const auto first = in.u8();
  if (first != version && first != version_with_removals) return false;
  head.removes = first == version_with_removals;
  head.sequence = in.varint();
  head.id = in.u64();
  head.log_time = from_ms(in.zigzag());
  head.readings = in.varint();
  if (head.readings > 0) {
    head.t_min = from_ms(in.zigzag());
    head.t_max = from_ms(in.zigzag());
  }
  return in.ok() && head.readings <= in.remaining() && head.sequence != 0;
}

}  // namespace

void encode_batch(const Batch& batch, std::string& out) {
  out.reserve(out.size() + 64 + batch.readings.size() * 16 + batch.text.size() + batch.packets.size() * 12);
  ByteWriter writer(out);
  writer.u8(removes(batch) ? version_with_removals : version);
  writer.varint(batch.position.sequence);
  writer.u64(batch.id);
  writer.zigzag(to_ms(batch.log_time));
  writer.varint(batch.readings.size());
  if (!batch.readings.empty()) {
    const auto [low, high] = std::minmax_element(batch.readings.begin(), batch.readings.end(),
                                                 [](const Reading& a, const Reading& b) { return a.ts < b.ts; });
    writer.zigzag(to_ms(low->ts));
    writer.zigzag(to_ms(high->ts));
  }
  writer.str(batch.text);
  put_readings(batch, writer);
  writer.varint(batch.events.size());
  std::uint32_t place = 0;
  for (const auto& placed : batch.events) {
    writer.varint(placed.before_reading - place);
    place = placed.before_reading;
    encode(placed.event, writer);
  }
  writer.varint(batch.packets.size());
  std::int64_t epoch = 0;
  for (const auto& packet : batch.packets) {
    writer.zigzag(static_cast<std::int64_t>(packet.epoch) - epoch);
    epoch = packet.epoch;
    writer.u16(packet.packet_id);
    writer.u64(packet.hash);
  }
}

bool decode_head(std::string_view bytes, BatchHead& head) {
  ByteReader in(bytes);
  return take_head(in, head);
}

bool decode_batch(std::string_view bytes, Batch& batch) {
  ByteReader in(bytes);
  BatchHead head;
  if (!take_head(in, head)) return false;
  batch.position.sequence = head.sequence;
  batch.id = head.id;
  batch.log_time = head.log_time;
  batch.text = in.str();
  if (!in.ok() || head.readings > in.remaining()) return false;
  return take_readings(in, static_cast<std::size_t>(head.readings), batch) && take_events(in, batch) &&
         take_packets(in, batch) && in.at_end() && removes(batch) == head.removes;
}

}  // namespace telltale::store
