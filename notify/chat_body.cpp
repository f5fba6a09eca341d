#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <string_view>

#include "notify/message.hpp"

namespace telltale::notify {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

struct Look {
  int priority;  // ntfy: 1 to 5
  std::string_view tag;
  std::string_view color;
};
constexpr std::array looks = {Look{3, "information_source", "#38c"}, Look{4, "warning", "#e80"},
                              Look{5, "rotating_light", "#c00"}};  // by proto::Severity
constexpr Look resolved_look{2, "white_check_mark", "#2a2"};

const Look& look_of(bool firing, proto::Severity severity) {
  return firing ? looks[static_cast<std::size_t>(severity)] : resolved_look;
}

void text(Writer& json, std::string_view value) {
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void member(Writer& json, std::string_view key, std::string_view value) {
  text(json, key);
  text(json, value);
}

/// Slack's three control characters (docs.slack.dev, formatting message text).
std::string escaped(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

void field(Writer& json, std::string_view title, std::string_view value) {
  if (value.empty() || value == "-" || value == "_") return;
  json.StartObject();
  member(json, "title", title);
  member(json, "value", escaped(value));
  text(json, "short");
  json.Bool(true);
  json.EndObject();
}

}  // namespace

std::string ntfy_body(const Message& message, const std::string& topic) {
  const auto& first = *message.alerts.front().alert;
  const auto& look = look_of(message.firing(), message.severity());
  std::string lines;
  for (const auto& [alert, firing] : message.alerts) lines += (firing ? "" : "resolved: ") + alert->summary + '\n';
  if (message.truncated > 0) lines += "and " + std::to_string(message.truncated) + " more\n";
  lines += first.headline();
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  json.StartObject();
  member(json, "topic", topic);
  member(json, "title",
         '[' + std::string(message.firing() ? to_string(message.severity()) : "resolved") + "] " + first.rule);
  member(json, "message", lines);
  text(json, "priority");
  json.Int(look.priority);
  text(json, "tags");
  json.StartArray();
  text(json, look.tag);
  json.EndArray();
  if (const auto link = message.link_to(first); !link.empty()) member(json, "click", link);
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string slack_body(const Message& message) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  json.StartObject();
  member(json, "text", escaped(message.subject()));
  text(json, "attachments");
  json.StartArray();
  for (const auto& [alert, firing] : message.alerts) {
    json.StartObject();
    member(json, "color", look_of(firing, alert->severity).color);
    member(json, "title", escaped(alert->summary));
    if (const auto link = message.link_to(*alert); !link.empty()) member(json, "title_link", link);
    text(json, "fields");
    json.StartArray();
    field(json, "Device", alert->device);
    field(json, "Site", alert->site);
    field(json, "Metric", alert->metric);
    field(json, "Value", alert->value);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace telltale::notify
