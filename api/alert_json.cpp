#include "api/alert_json.hpp"

namespace telltale::api {

void append_alert(JsonObject& out, const proto::AlertTransition& alert) {
  out.moment(alert.ts).text("id", alert.id).count("n", alert.n).text("state", to_string(alert.state));
  out.integer("active", alert.active() ? 1 : 0).text("severity", to_string(alert.severity));
  out.text("site", alert.site).text("device", alert.device).text("rule", alert.rule).text("metric", alert.metric);
  if (alert.value) out.number("value", *alert.value);
  if (alert.threshold) out.number("threshold", *alert.threshold);
  out.integer("started_ts", to_ms(alert.started)).count("count", alert.count).text("summary", alert.summary);
  out.text("reason", to_string(alert.reason));
  append_if_any(out, "by", alert.by);
  append_if_any(out, "comment", alert.comment);
  append_if_any(out, "runbook", alert.runbook);
}

void append_presence(JsonObject& out, const proto::PresenceChange& presence) {
  out.moment(presence.ts).text("site", presence.site).text("device", presence.device);
  out.text("state", to_string(presence.state)).integer("online", presence.state == proto::Presence::online ? 1 : 0);
  if (presence.last_seen) out.integer("last_seen_ts", to_ms(*presence.last_seen));
  out.integer("heartbeat_s", presence.heartbeat_s).text("source", to_string(presence.source));
}

}  // namespace telltale::api
