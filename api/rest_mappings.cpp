#include "api/alert_json.hpp"
#include "api/body_json.hpp"
#include "api/in_force.hpp"
#include "api/mapping_trial.hpp"
#include "api/page.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t longest_topic = 65'535;  // of MQTT

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

Problem refused(std::string_view pointer, std::string detail) {
  return {422, "validation", "The message cannot be taken", detail, {{{}, detail, std::string(pointer)}}};
}

}  // namespace

Answer list_mappings(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto decoding = question.parts.decoding.get();
  ItemList list;
  for (const auto& mapping : decoding->mappings) {
    auto item = list.item();
    append_mapping(item, mapping);
  }
  return json(list.end());
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

  auto trial = try_message(*question.parts.decoding.get(), *topic, *std::move(payload), question.now);
  if (!trial.tenant.empty() && trial.tenant != question.caller.tenant) {
    return fail(refused("/topic", "the topic is not of the key's tenant"));
  }
  if (trial.refusal) return fail(refused(trial.topic_refused ? "/topic" : "/payload", *trial.refusal));
  return json(std::move(trial.decoded));
}

}  // namespace telltale::api
