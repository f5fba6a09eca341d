#include "api/alert_json.hpp"
#include "api/body_json.hpp"
#include "api/in_force.hpp"
#include "api/rest_question.hpp"
#include "proto/status.hpp"

namespace telltale::api {

namespace {

using proto::MessageKind;

constexpr std::size_t longest_topic = 65'535;  // of MQTT

std::string_view to_string(MessageKind kind) {
  constexpr std::string_view names[] = {"telemetry", "status", "ack", "control", "silence", "removal", "ignored"};
  return names[static_cast<std::size_t>(kind)];
}

void append_words(JsonObject& out, std::string_view key, const std::vector<std::string>& words) {
  if (words.empty()) return;
  auto& list = out.member(key);
  list += '[';
  for (const auto& word : words) append_json_string(next_item(list), word);
  list += ']';
}

/// Under the names that it has in the file.
void append_mapping(JsonObject& out, const proto::Mapping& mapping) {
  out.text("name", mapping.name).text("topic", mapping.topic);
  out.text("codec", mapping.codec == proto::Mapping::Codec::plain ? "plain" : "json");
  out.text("role", mapping.role == proto::Mapping::Role::status ? "status" : "telemetry");
  {
    JsonObject set(out.member("set"));
    for (const auto& [key, value] : mapping.set) set.text(key, value);
  }
  append_if_any(out, "device", mapping.device);
  if (mapping.time) {
    JsonObject time(out.member("time"));
    time.text("at", mapping.time->at);
    append_if_any(time, "zone", mapping.time->zone);
  }
  if (mapping.metrics_auto) {
    out.text("metrics", "auto");
  } else if (!mapping.metrics.empty()) {
    auto& metrics = out.member("metrics");
    metrics += '[';
    for (const auto& metric : mapping.metrics) {
      JsonObject item(next_item(metrics));
      item.text("at", metric.at);
      append_if_any(item, "name", metric.name);
      append_if_any(item, "unit", metric.unit);
    }
    metrics += ']';
  }
  append_words(out, "ignore", mapping.ignore);
  if (!mapping.enum_values.empty()) {
    JsonObject values(out.member("enum"));
    for (const auto& [word, number] : mapping.enum_values) values.number(word, number);
  }
  append_if_any(out, "state_at", mapping.state_at);
  append_words(out, "online", mapping.online);
  append_words(out, "offline", mapping.offline);
  append_words(out, "sleeping", mapping.sleeping);
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

Problem refused(std::string_view pointer, std::string detail) {
  return {422, "validation", "The message cannot be taken", detail, {{{}, detail, std::string(pointer)}}};
}

}  // namespace

Answer list_mappings(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto decoding = question.parts.decoding.get();
  std::string body = "{\"items\":[";
  for (const auto& mapping : decoding->mappings) {
    JsonObject item(next_item(body));
    append_mapping(item, mapping);
  }
  return json(body + "]}");
}

Answer test_mapping(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  auto body = BodyJson::read(question.request, {"topic", "payload"});
  if (!body) return fail(body.error());
  const auto topic = body->text("topic", longest_topic);
  auto payload = body->text("payload", question.request.body.size());
  if (!topic) body->fault("topic", "is needed: as a device would publish it");
  if (!payload) body->fault("payload", "is needed, as a text: JSON too");
  if (auto problem = body->problem()) return fail(*std::move(problem));

  proto::Decoder decoder(*question.parts.decoding.get());
  proto::Decoded decoded;
  const auto size = payload->size();
  payload->push_back('\0');  // the decoder's writable byte
  const auto done = decoder.decode(*topic, payload->data(), size, question.now, decoded);
  if (!decoded.tenant.empty() && decoded.tenant != question.caller.tenant) {
    return fail(refused("/topic", "the topic is not of the key's tenant"));
  }
  if (!done) {
    const bool about_topic = done.error().reason == proto::DeadLetterReason::bad_topic;
    return fail(refused(about_topic ? "/topic" : "/payload",
                        std::string(to_string(done.error().reason)) + ": " + done.error().detail));
  }
  std::string said;
  {
    JsonObject out(said);
    append_decoded(out, decoded, question.now);
  }
  return json(std::move(said));
}

}  // namespace telltale::api
