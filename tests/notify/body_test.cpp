#include <catch2/catch.hpp>

#include "notify/compose.hpp"
#include "notify/message.hpp"
#include "tests/notify/scene.hpp"

using namespace telltale;
using notify::Alert;
using notify::Message;

namespace {

Alert alert_of(const proto::AlertTransition& alert, proto::Tenancy tenancy = proto::Tenancy::single) {
  return notify::read_alert(alert.tenant, alerting::render(alert, tenancy).event.payload).value();
}

Message message_of(std::vector<notify::Told> alerts) {
  return {.receiver = "ops",
          .group = notify::group_of(*alerts.front().alert),
          .external_url = "https://telltale.example",
          .alerts = std::move(alerts)};
}

}  // namespace

TEST_CASE("the webhook body is Alertmanager's, version 4", "[notify]") {
  const Alert alert = alert_of(test::too_hot());
  CHECK(
      notify::webhook_body(message_of({{&alert, true}})) ==
      R"({"version":"4","groupKey":"default/too-hot:esp32-7","truncatedAlerts":0,"status":"firing","receiver":"ops",)"
      R"("groupLabels":{"alertname":"too-hot"},)"
      R"("commonLabels":{"alertname":"too-hot","severity":"critical","site":"site1","device":"esp32-7","metric":"temperature"},)"
      R"("commonAnnotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7","value":"86.2"},)"
      R"("externalURL":"https://telltale.example/alerts","alerts":[{"status":"firing",)"
      R"("labels":{"alertname":"too-hot","severity":"critical","site":"site1","device":"esp32-7","metric":"temperature"},)"
      R"("annotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7","value":"86.2"},)"
      R"("startsAt":"2025-11-21T04:40:40Z","endsAt":"0001-01-01T00:00:00Z",)"
      R"("generatorURL":"https://telltale.example/alerts/a-9c1f0a77be02d641","fingerprint":"cbae7242d462c46c"}]})");
}

TEST_CASE("labels that differ are not common, and an end has its time", "[notify]") {
  auto second = test::too_hot();
  second.id = "a-2";
  second.metric = "oil_temperature";
  second.state = proto::AlertState::resolved;
  second.value = std::nullopt;
  second.runbook = "https://wiki.example/hot";
  const Alert a = alert_of(test::too_hot()), b = alert_of(second);
  const std::string body = notify::webhook_body(message_of({{&a, true}, {&b, false}}));
  CHECK_THAT(body,
             Catch::Contains(
                 R"("commonLabels":{"alertname":"too-hot","severity":"critical","site":"site1","device":"esp32-7"},)"
                 R"("commonAnnotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7"})"));
  CHECK_THAT(
      body,
      Catch::Contains(
          R"("annotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7","runbook_url":"https://wiki.example/hot"})"));
  CHECK_THAT(body, Catch::Contains(R"("endsAt":"2025-11-21T04:40:42Z")"));
  CHECK(notify::webhook_body(message_of({{&b, false}})).find(R"("status":"resolved","receiver")") != std::string::npos);
}

TEST_CASE("the tenant is a label where there are tenants", "[notify]") {
  auto transition = test::too_hot();
  transition.tenant = "acme";
  const Alert alert = alert_of(transition, proto::Tenancy::multi);
  CHECK(alert.labels().back() == std::pair<std::string, std::string>{"tenant", "acme"});
  CHECK(notify::group_of(alert) == "acme/too-hot:esp32-7");
}

TEST_CASE("fingerprints are Prometheus' own and do not depend on the order of labels", "[notify]") {
  // Expected values from a FNV-1a written in Python.
  CHECK(notify::fingerprint({}) == "cbf29ce484222325");
  CHECK(notify::fingerprint({{"a", "1"}, {"b", "2"}}) == notify::fingerprint({{"b", "2"}, {"a", "1"}}));
  CHECK(notify::fingerprint(
            {{"alertname", "too-hot"}, {"severity", "critical"}, {"site", "site1"}, {"device", "esp32-7"}}) ==
        "b49d27dfc6bbf768");
}

TEST_CASE("a push to Alertmanager", "[notify]") {
  auto ended = test::too_hot();
  ended.state = proto::AlertState::resolved;
  const Alert a = alert_of(test::too_hot()), b = alert_of(ended);
  CHECK(
      notify::push_body(message_of({{&a, true}, {&b, false}}), from_ms(1763700060000)) ==
      R"([{"labels":{"alertname":"too-hot","severity":"critical","site":"site1","device":"esp32-7","metric":"temperature"},)"
      R"("annotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7","value":"86.2"},"startsAt":"2025-11-21T04:40:40Z",)"
      R"("endsAt":"2025-11-21T04:45:00Z","generatorURL":"https://telltale.example/alerts/a-9c1f0a77be02d641"},)"
      R"({"labels":{"alertname":"too-hot","severity":"critical","site":"site1","device":"esp32-7","metric":"temperature"},)"
      R"("annotations":{"summary":"temperature 86.2 Cel > 80 on esp32-7","value":"86.2"},"startsAt":"2025-11-21T04:40:40Z",)"
      R"("endsAt":"2025-11-21T04:40:42Z","generatorURL":"https://telltale.example/alerts/a-9c1f0a77be02d641"}])");
}

TEST_CASE("ntfy: title, priority and tag by severity", "[notify]") {
  auto [severity, state, title, priority, tag] =
      GENERATE(table<proto::Severity, proto::AlertState, const char*, const char*, const char*>({
          {proto::Severity::critical, proto::AlertState::firing, "[critical] too-hot", "5", "rotating_light"},
          {proto::Severity::warning, proto::AlertState::firing, "[warning] too-hot", "4", "warning"},
          {proto::Severity::info, proto::AlertState::firing, "[info] too-hot", "3", "information_source"},
          {proto::Severity::critical, proto::AlertState::resolved, "[resolved] too-hot", "2", "white_check_mark"},
      }));
  auto transition = test::too_hot();
  transition.severity = severity;
  transition.state = state;
  const Alert alert = alert_of(transition);
  const bool firing = state == proto::AlertState::firing;
  CHECK(notify::ntfy_body(message_of({{&alert, firing}}), "plant") ==
        std::string(R"json({"topic":"plant","title":")json") + title + R"json(","message":")json" +
            (firing ? "" : "resolved: ") +
            R"json(temperature 86.2 Cel > 80 on esp32-7\ntoo-hot esp32-7 (site1)","priority":)json" + priority +
            R"json(,"tags":[")json" + tag +
            R"json("],"click":"https://telltale.example/alerts/a-9c1f0a77be02d641"})json");
}

TEST_CASE("Slack: one attachment an alert, its control characters escaped", "[notify]") {
  const Alert alert = alert_of(test::too_hot());
  CHECK(
      notify::slack_body(message_of({{&alert, true}})) ==
      R"json({"text":"[FIRING][critical] too-hot esp32-7 (site1)","attachments":[{"color":"#c00",)json"
      R"json("title":"temperature 86.2 Cel &gt; 80 on esp32-7","title_link":"https://telltale.example/alerts/a-9c1f0a77be02d641",)json"
      R"json("fields":[{"title":"Device","value":"esp32-7","short":true},{"title":"Site","value":"site1","short":true},)json"
      R"json({"title":"Metric","value":"temperature","short":true},{"title":"Value","value":"86.2","short":true}]}]})json");
}

TEST_CASE("a flat webhook gets the object of alerts/... byte for byte", "[notify]") {
  const auto transition = test::too_hot();
  const Alert alert = alert_of(transition);
  auto channel = test::channel("ops");
  channel.format = notify::BodyFormat::flat;
  CHECK(notify::compose(message_of({{&alert, true}}), channel, "d1", {}, alert.ts) ==
        alerting::render(transition, proto::Tenancy::single).event.payload);
}

TEST_CASE("what is no alert object is not read as one", "[notify]") {
  const auto* payload =
      GENERATE("", "{", "[]", "{}", R"({"id":"a-1","state":"burning","severity":"info","rule":"r","ts":1})",
               R"({"id":"a-1","state":"firing","severity":"info","rule":"r","ts":"1"})");
  CHECK_FALSE(notify::read_alert("default", payload));
}
