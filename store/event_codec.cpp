#include "store/event_codec.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "store/compression.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr std::size_t least_worth_compressing = 64;   // bytes
constexpr std::size_t most_payload_bytes = 1u << 20;  // a dead letter keeps 64 KiB; the rest is distrust

// The tag of an event is its place in the variant: append new kinds at the end, never reorder.

void put(const std::vector<std::pair<std::string, std::string>>& pairs, ByteWriter& out) {
  out.varint(pairs.size());
  for (const auto& [name, value] : pairs) {
    out.str(name);
    out.str(value);
  }
}
void put(const std::optional<Timestamp>& ts, ByteWriter& out) {
  out.boolean(ts.has_value());
  if (ts) out.zigzag(to_ms(*ts));
}
void put(const PacketRecord& record, ByteWriter& out) {
  out.varint(record.epoch);
  out.u16(record.packet_id);
  out.u64(record.hash);
}

/// Ascending numbers, each as the difference to the one before.
template <class Key>
void put(const std::vector<Key>& numbers, ByteWriter& out) {
  out.varint(numbers.size());
  std::uint32_t before = 0;
  for (const auto number : numbers) {
    out.varint(to_number(number) - before);
    before = to_number(number);
  }
}

struct Put {
  ByteWriter& out;

  void operator()(const NewDevice& e) const {
    out.varint(to_number(e.key));
    out.str(e.tenant);
    out.str(e.site);
    out.str(e.device);
  }
  void operator()(const NewSeries& e) const {
    out.varint(to_number(e.id));
    out.varint(to_number(e.device));
    out.str(e.metric);
    out.str(e.unit);
  }
  void operator()(const SeriesUnit& e) const {
    out.varint(to_number(e.id));
    out.str(e.unit);
  }
  void operator()(const DeviceTags& e) const {
    out.varint(to_number(e.device));
    put(e.tags, out);
  }
  void operator()(const DeviceStatus& e) const {
    out.varint(to_number(e.device));
    out.u8(static_cast<std::uint8_t>(e.state));
    out.boolean(e.retained);
    out.str(e.session);
    out.boolean(e.heartbeat_s.has_value());
    if (e.heartbeat_s) out.zigzag(*e.heartbeat_s);
    put(e.ts, out);
  }
  void operator()(const Heard& e) const { out.varint(to_number(e.device)); }
  void operator()(const RetainedValue& e) const {
    out.varint(to_number(e.series));
    out.zigzag(to_ms(e.ts));
    out.f64(e.value);
  }
  void operator()(const Link& e) const { out.u8(static_cast<std::uint8_t>(e.state)); }
  void operator()(const SessionEpoch& e) const {
    out.varint(e.epoch);
    out.boolean(e.session_present);
  }
  void operator()(const RedeliveryTable& e) const {
    out.varint(e.records.size());
    for (const auto& record : e.records) put(record, out);
  }
  void operator()(const OperatorAction& e) const {
    out.u8(static_cast<std::uint8_t>(e.verb));
    out.str(e.tenant);
    out.str(e.alert_id);
    out.str(e.by);
    out.str(e.comment);
    put(e.until, out);
  }
  void operator()(const RuleSetChange& e) const { proto::encode(e.rules, out); }
  void operator()(const ClockStep& e) const {
    out.zigzag(to_ms(e.from));
    out.zigzag(to_ms(e.to));
  }
  void operator()(const DeadLetter& e) const {
    out.u8(static_cast<std::uint8_t>(e.reason));
    out.str(e.topic);
    const std::string packed = e.payload.size() >= least_worth_compressing ? compress(e.payload) : std::string();
    const bool smaller = !packed.empty() && packed.size() < e.payload.size();
    out.boolean(smaller);
    out.str(smaller ? packed : e.payload);
    out.varint(e.payload_bytes);
    out.str(e.detail);
    out.varint(to_number(e.device));
  }
  void operator()(const ServiceCondition& e) const {
    out.str(e.rule);
    out.boolean(e.active);
    out.str(e.summary);
  }
  void operator()(const SilenceOrder& e) const {
    out.u8(static_cast<std::uint8_t>(e.verb));
    out.str(e.tenant);
    out.str(e.name);
    proto::encode(e.pattern, out);
    put(e.from, out);
    put(e.until, out);
    out.str(e.by);
    out.str(e.comment);
  }
  void operator()(const DevicesRemoved& e) const {
    for (const auto* text : {&e.tenant, &e.site, &e.device, &e.by, &e.comment}) out.str(*text);
    put(e.devices, out);
    put(e.series, out);
  }
  void operator()(const ModelChange& e) const { proto::encode(e.model, out); }
};

/// Fields one after the other; a value outside its enum makes the whole event invalid.
struct Take {
  ByteReader& in;
  bool valid = true;

  template <class E>
  E choice(std::size_t count) {
    const auto v = in.u8();
    if (v >= count) valid = false;
    return static_cast<E>(v < count ? v : 0);
  }
  template <class Key>
  Key key() {
    const auto v = in.varint();
    if (v > UINT32_MAX) valid = false;
    return static_cast<Key>(static_cast<std::uint32_t>(v));
  }
  std::string str() { return std::string(in.str()); }
  Timestamp time() { return from_ms(in.zigzag()); }
  std::optional<Timestamp> optional_time() { return in.boolean() ? std::optional(time()) : std::nullopt; }
  std::size_t count() {
    const auto n = in.varint();
    if (n > in.remaining()) valid = false;  // every item is at least one byte
    return valid && in.ok() ? static_cast<std::size_t>(n) : 0;
  }
  template <class Key>
  void numbers(std::vector<Key>& out) {
    std::uint64_t number = 0;
    for (std::size_t n = count(); n > 0 && in.ok() && valid; --n) {
      number += in.varint();
      if (number > UINT32_MAX || (!out.empty() && number <= to_number(out.back()))) valid = false;
      out.push_back(static_cast<Key>(static_cast<std::uint32_t>(number)));
    }
  }
  PacketRecord packet() {
    PacketRecord record{};
    record.epoch = key<std::uint32_t>();
    record.packet_id = in.u16();
    record.hash = in.u64();
    return record;
  }

  void operator()(NewDevice& e) { e = {key<DeviceKey>(), str(), str(), str()}; }
  void operator()(NewSeries& e) { e = {key<SeriesId>(), key<DeviceKey>(), str(), str()}; }
  void operator()(SeriesUnit& e) { e = {key<SeriesId>(), str()}; }
  void operator()(DeviceTags& e) {
    e.device = key<DeviceKey>();
    for (std::size_t n = count(); n > 0 && in.ok(); --n) {
      auto name = str();
      e.tags.emplace_back(std::move(name), str());
    }
  }
  void operator()(DeviceStatus& e) {
    e.device = key<DeviceKey>();
    e.state = choice<DeviceState>(3);
    e.retained = in.boolean();
    e.session = str();
    if (in.boolean()) e.heartbeat_s = in.zigzag();
    e.ts = optional_time();
  }
  void operator()(Heard& e) { e = {key<DeviceKey>()}; }
  void operator()(RetainedValue& e) { e = {key<SeriesId>(), time(), in.f64()}; }
  void operator()(Link& e) { e = {choice<LinkState>(7)}; }
  void operator()(SessionEpoch& e) { e = {key<std::uint32_t>(), in.boolean()}; }
  void operator()(RedeliveryTable& e) {
    const auto n = count();
    e.records.reserve(std::min(n, in.remaining() / 11));  // bytes of the shortest record
    for (std::size_t i = 0; i < n && in.ok(); ++i) e.records.push_back(packet());
  }
  void operator()(OperatorAction& e) { e = {choice<OperatorVerb>(2), str(), str(), str(), str(), optional_time()}; }
  void operator()(RuleSetChange& e) {
    if (!proto::decode(in, e.rules)) valid = false;
  }
  void operator()(ClockStep& e) { e = {time(), time()}; }
  void operator()(DeadLetter& e) {
    e.reason = choice<DeadLetterReason>(std::size(dead_letter_reason_names));
    e.topic = str();
    const bool packed = in.boolean();
    const auto payload = in.str();
    if (!packed) {
      e.payload = payload;
    } else if (!decompress(payload, most_payload_bytes, e.payload)) {
      valid = false;
    }
    e.payload_bytes = in.varint();
    e.detail = str();
    e.device = key<DeviceKey>();
  }
  void operator()(ServiceCondition& e) { e = {str(), in.boolean(), str()}; }
  void operator()(SilenceOrder& e) {
    e.verb = choice<SilenceVerb>(2);
    e.tenant = str();
    e.name = str();
    proto::decode(in, e.pattern);
    e.from = optional_time();
    e.until = optional_time();
    e.by = str();
    e.comment = str();
  }
  void operator()(DevicesRemoved& e) {
    for (auto* text : {&e.tenant, &e.site, &e.device, &e.by, &e.comment}) *text = in.str();
    numbers(e.devices);
    numbers(e.series);
  }
  void operator()(ModelChange& e) {
    if (!proto::decode(in, e.model)) valid = false;
  }
};

template <std::size_t Index = 0>
bool take(std::size_t tag, ByteReader& in, Event& event) {
  if constexpr (Index < std::variant_size_v<Event>) {
    if (tag != Index) return take<Index + 1>(tag, in, event);
    Take fields{in};
    fields(event.emplace<Index>());
    return fields.valid && in.ok();
  } else {
    return false;
  }
}

}  // namespace

void encode(const Event& event, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(event.index()));
  std::visit(Put{out}, event);
}

bool decode(ByteReader& in, Event& event) {
  const auto tag = in.u8();
  return in.ok() && take(tag, in, event);
}

}  // namespace telltale::store
