#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <string_view>

#include "notify/message.hpp"
#include "proto/timestamp.hpp"

namespace telltale::notify {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::string_view zero_time = "0001-01-01T00:00:00Z";
// Alertmanager takes an alert as resolved at its endsAt: more than three pushes of one a minute may get lost.
constexpr Millis push_valid_for{4 * 60 * 1000};

void text(Writer& json, std::string_view value) {
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void member(Writer& json, std::string_view key, std::string_view value) {
  text(json, key);
  text(json, value);
}

void member(Writer& json, std::string_view key, const Pairs& pairs) {
  text(json, key);
  json.StartObject();
  for (const auto& [name, value] : pairs) member(json, name, value);
  json.EndObject();
}

/// Those that all alerts have with the same value.
Pairs common(const Message& message, Pairs (Alert::*pairs)() const) {
  Pairs shared = (message.alerts.front().alert->*pairs)();
  for (const auto& told : message.alerts) {
    const Pairs own = (told.alert->*pairs)();
    std::erase_if(shared, [&](const auto& pair) { return std::find(own.begin(), own.end(), pair) == own.end(); });
  }
  return shared;
}

}  // namespace

std::string webhook_body(const Message& message) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  json.StartObject();
  member(json, "version", "4");
  member(json, "groupKey", message.group);
  text(json, "truncatedAlerts");
  json.Uint64(message.truncated);
  member(json, "status", message.firing() ? "firing" : "resolved");
  member(json, "receiver", message.receiver);
  member(json, "groupLabels", Pairs{{"alertname", message.alerts.front().alert->rule}});
  member(json, "commonLabels", common(message, &Alert::labels));
  member(json, "commonAnnotations", common(message, &Alert::annotations));
  member(json, "externalURL", message.external_url.empty() ? std::string() : message.external_url + "/alerts");
  text(json, "alerts");
  json.StartArray();
  for (const auto& [alert, firing] : message.alerts) {
    const Pairs labels = alert->labels();
    json.StartObject();
    member(json, "status", firing ? "firing" : "resolved");
    member(json, "labels", labels);
    member(json, "annotations", alert->annotations());
    member(json, "startsAt", proto::format_rfc3339(alert->started));
    member(json, "endsAt", firing ? std::string(zero_time) : proto::format_rfc3339(alert->ts));
    member(json, "generatorURL", message.link_to(*alert));
    member(json, "fingerprint", fingerprint(labels));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string push_body(const Message& message, Timestamp now) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  json.StartArray();
  for (const auto& [alert, firing] : message.alerts) {
    json.StartObject();
    member(json, "labels", alert->labels());
    member(json, "annotations", alert->annotations());
    member(json, "startsAt", proto::format_rfc3339(alert->started));
    member(json, "endsAt", proto::format_rfc3339(firing ? now + push_valid_for : alert->ts));
    member(json, "generatorURL", message.link_to(*alert));
    json.EndObject();
  }
  json.EndArray();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace telltale::notify
