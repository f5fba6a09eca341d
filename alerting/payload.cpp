#include "alerting/payload.hpp"

#include <chrono>
#include <optional>

#include "alerting/flat_json.hpp"
#include "proto/output_topics.hpp"
#include "proto/timestamp.hpp"

namespace telltale::alerting {

namespace {

using proto::Outgoing;
using proto::OutputTopics;
using proto::Tenancy;

constexpr std::size_t shown_payload_bytes = 200;

void add_time(FlatObject& object, Timestamp ts) {
  object.integer("ts", to_ms(ts)).text("time", proto::format_rfc3339(ts));
}

void add_tenant(FlatObject& object, const std::string& tenant, Tenancy tenancy) {
  if (tenancy == Tenancy::multi) object.text("tenant", tenant);
}

void add_text_if_any(FlatObject& object, std::string_view key, std::string_view value) {
  if (!value.empty()) object.text(key, value);
}

std::uint32_t two_windows_s(Millis window) {
  return static_cast<std::uint32_t>(2 * std::chrono::duration_cast<std::chrono::seconds>(window).count());
}

std::string alert_payload(const proto::AlertTransition& alert, Tenancy tenancy) {
  FlatObject object;
  add_time(object, alert.ts);
  object.text("id", alert.id)
      .count("n", alert.n)
      .text("state", to_string(alert.state))
      .integer("active", alert.active() ? 1 : 0)
      .text("severity", to_string(alert.severity));
  add_tenant(object, alert.tenant, tenancy);
  object.text("site", alert.site).text("device", alert.device).text("rule", alert.rule).text("metric", alert.metric);
  if (alert.value) object.number("value", *alert.value);
  if (alert.threshold) object.number("threshold", *alert.threshold);
  object.integer("started_ts", to_ms(alert.started)).count("count", alert.count).text("summary", alert.summary);
  add_text_if_any(object, "by", alert.by);
  add_text_if_any(object, "comment", alert.comment);
  add_text_if_any(object, "runbook", alert.runbook);
  return object.str();
}

}  // namespace

AlertMessages render(const proto::AlertTransition& alert, Tenancy tenancy) {
  const OutputTopics topics(tenancy);
  const std::string payload = alert_payload(alert, tenancy);
  std::optional<std::uint32_t> state_expiry;
  if (alert.state == proto::AlertState::removed) state_expiry = removed_expiry_s;
  return {
      .event = {.topic = topics.alert(alert), .payload = payload, .qos = 1, .expiry_s = event_expiry_s},
      .state = {
          .topic = topics.alert_state(alert), .payload = payload, .qos = 1, .retain = true, .expiry_s = state_expiry}};
}

Outgoing render(const proto::PresenceChange& presence, Tenancy tenancy) {
  FlatObject object;
  add_time(object, presence.ts);
  add_tenant(object, presence.tenant, tenancy);
  object.text("site", presence.site)
      .text("device", presence.device)
      .text("state", to_string(presence.state))
      .integer("online", presence.state == proto::Presence::online ? 1 : 0);
  if (presence.last_seen) object.integer("last_seen_ts", to_ms(*presence.last_seen));
  object.integer("heartbeat_s", presence.heartbeat_s).text("source", to_string(presence.source));
  std::optional<std::uint32_t> expiry;
  if (presence.state == proto::Presence::removed) expiry = removed_expiry_s;
  return {.topic = OutputTopics(tenancy).presence(presence.tenant, presence.site, presence.device),
          .payload = object.str(),
          .qos = 1,
          .retain = true,
          .expiry_s = expiry};
}

Outgoing render(const proto::WindowAggregate& window, Tenancy tenancy) {
  FlatObject object;
  add_time(object, window.start);
  add_tenant(object, window.tenant, tenancy);
  object.text("site", window.site)
      .text("device", window.device)
      .text("metric", window.metric)
      .text("window", proto::window_name(window.window));
  add_text_if_any(object, "unit", window.unit);
  object.count("count", window.count)
      .statistic("avg", window.avg)
      .statistic("min", window.min)
      .statistic("max", window.max)
      .statistic("last", window.last)
      .statistic("stddev", window.stddev);
  return {.topic = OutputTopics(tenancy).aggregate(window),
          .payload = object.str(),
          .expiry_s = two_windows_s(window.window)};
}

Outgoing render(const proto::DeviceRollup& rollup, Tenancy tenancy) {
  FlatObject object;
  add_time(object, rollup.start);
  add_tenant(object, rollup.tenant, tenancy);
  object.text("site", rollup.site).text("device", rollup.device).text("window", proto::window_name(rollup.window));
  for (const auto& column : rollup.columns) {
    object.statistic(column.metric + "_avg", column.avg)
        .statistic(column.metric + "_min", column.min)
        .statistic(column.metric + "_max", column.max);
  }
  return {
      .topic = OutputTopics(tenancy).rollup(rollup), .payload = object.str(), .expiry_s = two_windows_s(rollup.window)};
}

Outgoing render(const proto::ControlReply& reply, Tenancy tenancy) {
  FlatObject object;
  object.boolean("ok", reply.ok);
  if (reply.silence.empty()) {
    object.text("id", reply.alert_id);
  } else {
    object.text("name", reply.silence);
  }
  add_tenant(object, reply.tenant, tenancy);
  add_text_if_any(object, "detail", reply.detail);
  const OutputTopics topics(tenancy);
  return {.topic = reply.silence.empty() ? topics.control_reply(reply.tenant, reply.alert_id)
                                         : topics.silence_reply(reply.tenant, reply.silence),
          .payload = object.str(),
          .qos = 1,
          .expiry_s = event_expiry_s};
}

Outgoing render(const proto::RemovalReply& reply, Tenancy tenancy) {
  FlatObject object;
  object.boolean("ok", reply.ok);
  add_tenant(object, reply.tenant, tenancy);
  object.text("site", reply.site).text("device", reply.device);
  add_text_if_any(object, "detail", reply.detail);
  return {.topic = OutputTopics(tenancy).removal_reply(reply),
          .payload = object.str(),
          .qos = 1,
          .expiry_s = event_expiry_s};
}

Outgoing render(const proto::DeadLetter& letter, const DeviceName& device, Timestamp at, Tenancy tenancy) {
  FlatObject object;
  add_time(object, at);
  add_tenant(object, device.tenant, tenancy);
  object.text("site", device.site)
      .text("device", device.device)
      .text("reason", to_string(letter.reason))
      .text("topic", letter.topic)
      .count("bytes", letter.payload_bytes)
      .text("payload", as_utf8(letter.payload, shown_payload_bytes));
  add_text_if_any(object, "detail", letter.detail);
  return {.topic = OutputTopics(tenancy).errors(device.tenant, device.site, device.device),
          .payload = object.str(),
          .expiry_s = std::nullopt};
}

}  // namespace telltale::alerting
