#include "proto/decoder.hpp"

#include <algorithm>

#include "proto/compiled_mapping.hpp"
#include "proto/message_payloads.hpp"
#include "proto/name_arena.hpp"
#include "proto/native_payload.hpp"
#include "proto/topic.hpp"

namespace telltale::proto {

struct Decoded::Scratch {
  NameArena names;
};

Decoded::Decoded()
    : status{DeviceKey::none, DeviceState::online, false, {}, {}, {}},
      control{OperatorVerb::ack, {}, {}, {}, {}, {}},
      scratch(std::make_unique<Scratch>()) {}
Decoded::~Decoded() = default;
Decoded::Decoded(Decoded&&) noexcept = default;
Decoded& Decoded::operator=(Decoded&&) noexcept = default;

namespace {

void reset(Decoded& out) {
  if (!out.scratch) out = Decoded();  // it was moved from
  if (out.kind == MessageKind::status || out.kind == MessageKind::control || out.kind == MessageKind::removal) {
    out.status = DeviceStatus{DeviceKey::none, DeviceState::online, false, {}, {}, {}};
    out.control = OperatorAction{OperatorVerb::ack, {}, {}, {}, {}, {}};
    out.removal = {};
  }
  if (out.kind == MessageKind::silence) out.silence = SilenceOrder{};
  out.kind = MessageKind::ignored;
  out.reply = {};
  out.tenant = out.site = out.device = out.mapping = {};
  out.samples.clear();
  out.tags.clear();
  out.dropped.fill(0);
  out.replaced.fill(0);
  out.scratch->names.reset();
}

/// Nothing of a refused message is kept but where it came from.
void keep_identity_only(Decoded& out) {
  out.kind = MessageKind::ignored;
  out.samples.clear();
  out.tags.clear();
  out.dropped.fill(0);
  out.replaced.fill(0);
}

void name_device(DeviceReply& reply, const NativeTopic& topic) {
  reply.tenant = topic.tenant;
  reply.site = topic.site;
  reply.device = topic.device;
}

Rejection bad_topic(std::string detail) { return {DeadLetterReason::bad_topic, std::move(detail)}; }

}  // namespace

struct Decoder::Impl {
  explicit Impl(DecoderOptions given)
      : options(std::move(given)),
        sink(options),
        clock(TimeZone(options.zone), TimeWindow{options.max_future, options.max_past}),
        native(options, clock, tape, sink) {
    for (const auto& mapping : options.mappings) mappings.emplace_back(mapping, clock.zone());
    std::stable_sort(mappings.begin(), mappings.end(), [](const CompiledMapping& a, const CompiledMapping& b) {
      return TopicTemplate::more_specific(a.topic(), b.topic());
    });
  }

  Result<void, Rejection> decode(std::string_view topic, char* payload, std::size_t size, Timestamp received,
                                 Decoded& out);
  Result<void, Rejection> decode_native(const TopicParts& parts, char* payload, std::size_t size, Timestamp received,
                                        Decoded& out);
  Result<void, Rejection> decode_mapped(const TopicParts& parts, char* payload, std::size_t size, Timestamp received,
                                        Decoded& out);
  [[nodiscard]] Result<void, Rejection> check_size(std::size_t size) const;

  const DecoderOptions options;
  JsonTape tape;
  SampleSink sink;
  RowClock clock;
  NativePayload native;
  std::vector<CompiledMapping> mappings;  // most specific first
  std::vector<std::string_view> levels;
};

Decoder::Decoder(DecoderOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<void, Rejection> Decoder::decode(std::string_view topic, char* payload, std::size_t size, Timestamp received,
                                        Decoded& out) {
  reset(out);
  auto result = impl_->decode(topic, payload, size, received, out);
  if (!result) keep_identity_only(out);
  return result;
}

Result<void, Rejection> Decoder::Impl::check_size(std::size_t size) const {
  if (size <= options.max_payload_bytes) return {};
  return fail(Rejection{DeadLetterReason::too_large,
                        std::to_string(size) + " bytes, allowed are " + std::to_string(options.max_payload_bytes)});
}

Result<void, Rejection> Decoder::Impl::decode(std::string_view topic, char* payload, std::size_t size,
                                              Timestamp received, Decoded& out) {
  sink.start(out, out.scratch->names);
  auto parts = split_tenant(topic, options.multi_tenant ? Tenancy::multi : Tenancy::single);
  if (!parts) return fail(bad_topic(std::move(parts.error())));
  out.tenant = parts->tenant;
  return parts->topic_class ? decode_native(*parts, payload, size, received, out)
                            : decode_mapped(*parts, payload, size, received, out);
}

Result<void, Rejection> Decoder::Impl::decode_native(const TopicParts& parts, char* payload, std::size_t size,
                                                     Timestamp received, Decoded& out) {
  auto topic = parse_native(parts);
  if (!topic) return fail(bad_topic(std::move(topic.error())));
  if (written_by_service(topic->topic_class)) return {};
  out.site = topic->site;
  out.device = topic->device;
  if (auto sized = check_size(size); !sized) return sized;

  switch (topic->topic_class) {
    case TopicClass::ack:
      out.kind = MessageKind::ack;
      out.reply.name = topic->name;
      read_ack(payload, size, tape, out.reply);
      name_device(out.reply, *topic);
      return {};
    case TopicClass::status:
      if (size == 0) return {};  // how a retained message is deleted
      out.kind = MessageKind::status;
      name_device(out.reply, *topic);
      return read_status(payload, size, tape, clock, received, out.status, out.reply);
    case TopicClass::control:
      if (!topic->silence.empty()) {
        out.kind = MessageKind::silence;
        out.silence.tenant = topic->tenant;
        out.silence.name = topic->silence;
        out.silence.verb = topic->name.empty() ? SilenceVerb::set : SilenceVerb::end;
        return read_silence(payload, size, tape, clock.zone(), out.silence);
      }
      if (topic->alert_id.empty()) {
        out.kind = MessageKind::removal;
        out.removal.tenant = topic->tenant;
        out.removal.site = topic->site;
        out.removal.device = topic->device;
        return read_removal(topic->name, payload, size, tape, out.removal);
      }
      out.kind = MessageKind::control;
      out.control.tenant = topic->tenant;
      out.control.alert_id = topic->alert_id;
      return read_control(topic->name, payload, size, tape, clock.zone(), out.control);
    default:
      break;
  }
  out.kind = MessageKind::telemetry;
  if (size == 0) return {};
  if (auto parsed = tape.parse(payload, size); !parsed) {
    return fail(Rejection{parsed.error().reason, std::move(parsed.error().detail)});
  }
  return native.read(topic->name, received);
}

Result<void, Rejection> Decoder::Impl::decode_mapped(const TopicParts& parts, char* payload, std::size_t size,
                                                     Timestamp received, Decoded& out) {
  for (const auto& mapping : mappings) {
    if (!mapping.topic().match(parts.rest, levels)) continue;
    out.mapping = mapping.name();
    if (auto sized = check_size(size); !sized) return sized;
    return mapping.read(levels, payload, size, received, clock, tape, sink, out);
  }
  return fail(bad_topic("no class of ours and no mapping matches"));
}

}  // namespace telltale::proto
