#include "api/mapping_trial.hpp"

#include <array>

#include "api/alert_json.hpp"
#include "api/json_object.hpp"
#include "proto/status.hpp"

namespace telltale::api {

namespace {

using proto::MessageKind;

std::string_view to_string(MessageKind kind) {
  constexpr std::string_view names[] = {"telemetry", "status", "ack", "control", "silence", "removal", "ignored"};
  return names[static_cast<std::size_t>(kind)];
}

void append_sample(JsonObject& out, const proto::Sample& sample, Timestamp received) {
  out.text("metric", sample.metric).moment(sample.ts.value_or(received));
  out.text("ts_source", to_string(sample.ts ? sample.source : proto::TsSource::receive));
  switch (sample.type) {
    case proto::ValueType::text:
      out.text("value", sample.text);
      break;
    case proto::ValueType::integer:
      out.integer("value", sample.integer);
      break;
    case proto::ValueType::number:
    case proto::ValueType::boolean:
      out.number("value", sample.number);
  }
  append_if_any(out, "unit", sample.unit);
}

template <std::size_t N>
void append_counts(JsonObject& out, std::string_view key, const std::array<std::uint32_t, N>& counts,
                   const std::string_view (&names)[N]) {
  JsonObject object(out.member(key));
  for (std::size_t i = 0; i < N; ++i)
    if (counts[i] > 0) object.count(names[i], counts[i]);
}

void append_decoded(JsonObject& out, const proto::Decoded& decoded, Timestamp received) {
  out.text("kind", to_string(decoded.kind));
  append_if_any(out, "mapping", decoded.mapping);
  append_if_any(out, "site", decoded.site);
  append_if_any(out, "device", decoded.device);
  if (decoded.kind == MessageKind::status) out.text("state", proto::to_string(decoded.status.state));
  auto& samples = out.member("samples");
  samples += '[';
  for (const auto& sample : decoded.samples) {
    JsonObject item(next_item(samples));
    append_sample(item, sample, received);
  }
  samples += ']';
  {
    JsonObject tags(out.member("tags"));
    for (const auto& [key, value] : decoded.tags) tags.text(key, value);
  }
  append_counts(out, "dropped", decoded.dropped, proto::drop_reason_names);
  append_counts(out, "replaced", decoded.replaced, proto::time_replaced_names);
}

}  // namespace

MappingTrial try_message(const proto::DecoderOptions& options, std::string_view topic, std::string payload,
                         Timestamp received) {
  proto::Decoder decoder(options);
  proto::Decoded decoded;
  const auto size = payload.size();
  payload.push_back('\0');  // the decoder's writable byte
  const auto done = decoder.decode(topic, payload.data(), size, received, decoded);
  MappingTrial trial{std::string(decoded.tenant), {}, {}};
  if (done) {
    JsonObject out(trial.decoded);
    append_decoded(out, decoded, received);
  } else {
    trial.refusal = std::string(to_string(done.error().reason)) + ": " + done.error().detail;
    trial.topic_refused = done.error().reason == proto::DeadLetterReason::bad_topic;
  }
  return trial;
}

}  // namespace telltale::api
