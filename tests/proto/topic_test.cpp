#include "proto/topic.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "proto/output_topics.hpp"

using namespace telltale;
using namespace telltale::proto;

TEST_CASE("ids are spelled as the grammar says", "[proto]") {
  using Check = bool (*)(std::string_view) noexcept;
  const Check tenant = valid_tenant;
  const Check site = valid_site;
  const Check device = valid_device;
  const Check metric = valid_metric;
  const auto [check, text, expected] = GENERATE_COPY(table<Check, std::string, bool>({
      {tenant, "acme", true},
      {tenant, "default", true},
      {tenant, "4plant_a-b", true},
      {tenant, std::string(24, 'a'), true},
      {tenant, std::string(25, 'a'), false},
      {tenant, "", false},
      {tenant, "Acme", false},
      {tenant, "_acme", false},
      {tenant, "-", false},
      {tenant, "$SYS", false},
      {tenant, "telemetry", false},
      {tenant, "alert-state", false},
      {tenant, "control-reply", false},
      {site, "site1", true},
      {site, "s", true},
      {site, "-site", false},
      {site, "service", false},
      {site, "büro", false},
      {device, "esp32-7", true},
      {device, "A4:CF:12:0B:5E:01", true},
      {device, "edge4.pump_2", true},
      {device, std::string(48, 'd'), true},
      {device, std::string(49, 'd'), false},
      {device, "-", false},
      {device, ".x", false},
      {device, "a b", false},
      {device, "", false},
      {metric, "temperature", true},
      {metric, "_", true},
      {metric, "bme280_t.max:1h-x", true},
      {metric, std::string(48, 'm'), true},
      {metric, std::string(49, 'm'), false},
      {metric, "2m_temperature", false},
      {metric, "temp(C)", false},
      {metric, "", false},
  }));
  CAPTURE(text);
  CHECK(check(text) == expected);
}

TEST_CASE("native topics are read level by level", "[proto]") {
  const auto [tenancy, text, expected] = GENERATE(table<Tenancy, std::string, NativeTopic>({
      {Tenancy::single, "telemetry/site1/esp32-7", {"default", TopicClass::telemetry, "site1", "esp32-7", "", ""}},
      {Tenancy::single,
       "telemetry/site1/esp32-7/temperature",
       {"default", TopicClass::telemetry, "site1", "esp32-7", "temperature", ""}},
      {Tenancy::single, "status/site1/esp32-7", {"default", TopicClass::status, "site1", "esp32-7", "", ""}},
      {Tenancy::single, "ack/site1/esp32-7/relay", {"default", TopicClass::ack, "site1", "esp32-7", "relay", ""}},
      {Tenancy::single,
       "control/alert/a-9c1f0a77be02d641/ack",
       {"default", TopicClass::control, "", "", "ack", "a-9c1f0a77be02d641"}},
      {Tenancy::multi, "acme/telemetry/site1/esp32-7", {"acme", TopicClass::telemetry, "site1", "esp32-7", "", ""}},
      {Tenancy::multi, "default/status/s/d", {"default", TopicClass::status, "s", "d", "", ""}},
      {Tenancy::multi, "acme/control/alert/a-1/silence", {"acme", TopicClass::control, "", "", "silence", "a-1"}},
      {Tenancy::single,
       "control/device/site1/esp32-7/remove",
       {"default", TopicClass::control, "site1", "esp32-7", "remove", ""}},
      {Tenancy::single, "control/device/site1/-/remove", {"default", TopicClass::control, "site1", "-", "remove", ""}},
      {Tenancy::multi, "acme/control/device/-/-/remove", {"acme", TopicClass::control, "-", "-", "remove", ""}},
      {Tenancy::single,
       "alerts/critical/site1/esp32-7/too-hot/temperature",
       {"default", TopicClass::alerts, "", "", "", ""}},
      {Tenancy::multi, "service/main/status", {"default", TopicClass::service, "", "", "", ""}},
      {Tenancy::multi, "acme/service/time", {"acme", TopicClass::service, "", "", "", ""}},
  }));
  CAPTURE(text);
  const auto parts = split_tenant(text, tenancy);
  REQUIRE(parts);
  REQUIRE(parts->topic_class);
  const auto topic = parse_native(*parts);
  REQUIRE(topic);
  CHECK(*topic == expected);
}

TEST_CASE("topics outside of the grammar are refused", "[proto][lesson-30]") {
  const auto [tenancy, text] = GENERATE(table<Tenancy, std::string>({
      {Tenancy::single, "telemetry"},
      {Tenancy::single, "telemetry/site1"},
      {Tenancy::single, "telemetry/site1/"},
      {Tenancy::single, "telemetry//esp32-7"},
      {Tenancy::single, "telemetry/site1/esp32-7/"},
      {Tenancy::single, "telemetry/site1/esp32-7/temperature/max"},
      {Tenancy::single, "telemetry/Site1/esp32-7"},
      {Tenancy::single, "telemetry/site1/-"},
      {Tenancy::single, "telemetry/-/-"},
      {Tenancy::single, "telemetry/site1/esp32-7/ts"},
      {Tenancy::single, "telemetry/status/esp32-7"},
      {Tenancy::single, "status/site1/esp32-7/extra"},
      {Tenancy::single, "ack/site1/esp32-7"},
      {Tenancy::single, "control/alert/a-1"},
      {Tenancy::single, "control/rule/a-1/ack"},
      {Tenancy::single, "control/alert/a 1/ack"},
      {Tenancy::single, "control/device/site1/esp32-7"},
      {Tenancy::single, "control/device/-/esp32-7/remove"},
      {Tenancy::single, "control/device/Site1/-/remove"},
      {Tenancy::single, "control/device/site1/esp32-7/remove/now"},
      {Tenancy::multi, "telemetry/site1/esp32-7"},
      {Tenancy::multi, "Acme/telemetry/site1/esp32-7"},
      {Tenancy::multi, "/telemetry/site1/esp32-7"},
      {Tenancy::multi, "acme"},
      {Tenancy::multi, "$SYS/broker/uptime"},
      {Tenancy::multi, ""},
  }));
  CAPTURE(text);
  const auto parts = split_tenant(text, tenancy);
  if (parts) {
    REQUIRE(parts->topic_class);
    CHECK_FALSE(parse_native(*parts));
  } else {
    CHECK_FALSE(parts.error().empty());
  }
}

TEST_CASE("a topic that starts with a slash is not ours and is left to mappings", "[proto][lesson-30]") {
  const auto parts = split_tenant("/telemetry/site1/esp32-7", Tenancy::single);
  REQUIRE(parts);
  CHECK_FALSE(parts->topic_class);
}

TEST_CASE("a native topic is at most 256 bytes with its tenant", "[proto][lesson-30]") {
  // Valid ids cannot get there; the limit must hold before they are looked at.
  const std::string long_topic = "telemetry/site1/" + std::string(300, 'd');
  const auto parts = split_tenant(long_topic, Tenancy::single);
  REQUIRE(parts);
  const auto topic = parse_native(*parts);
  REQUIRE_FALSE(topic);
  CHECK(topic.error() == "topic over 256 bytes");
}

TEST_CASE("the reason of a refusal is short and readable, whatever the topic holds", "[proto]") {
  const auto parts =
      split_tenant("telemetry/" + std::string("\x01\xff") + std::string(40'000, 'x') + "/d", Tenancy::multi);
  REQUIRE_FALSE(parts);
  const auto bad = split_tenant("si\x01te\xc3\xa9\xff" + std::string(40'000, 'x'), Tenancy::multi);
  REQUIRE_FALSE(bad);
  CHECK(bad.error() == "not a tenant: 'si?te\xc3\xa9'");
}

TEST_CASE("every class that the service writes is known as such", "[proto]") {
  const auto [name, ours] = GENERATE(table<std::string, bool>({
      {"telemetry", false},
      {"status", false},
      {"ack", false},
      {"control", false},
      {"cmd", true},
      {"config", true},
      {"live", true},
      {"aggregates", true},
      {"rollup", true},
      {"alerts", true},
      {"alert-state", true},
      {"presence", true},
      {"errors", true},
      {"service", true},
      {"control-reply", true},
  }));
  CAPTURE(name);
  const auto parsed = topic_class(name);
  REQUIRE(parsed);
  CHECK(to_string(*parsed) == name);
  CHECK(written_by_service(*parsed) == ours);
}

TEST_CASE("what is no class is no class", "[proto]") {
  const auto name = GENERATE(as<std::string>(), "", "sensors", "Telemetry", "telemetry2", "zigbee2mqtt", "alert_state");
  CAPTURE(name);
  CHECK_FALSE(topic_class(name));
}

TEST_CASE("output topics put the tenant first, and only in multi-tenant installs", "[proto]") {
  AlertTransition alert;
  alert.tenant = "acme";
  alert.site = "site1";
  alert.device = "esp32-7";
  alert.rule = "too-hot";
  alert.metric = "temperature";
  alert.severity = Severity::critical;
  WindowAggregate window;
  window.tenant = "acme";
  window.site = "site1";
  window.device = "esp32-7";
  window.metric = "temperature";
  DeviceRollup rollup;
  rollup.tenant = "acme";
  rollup.site = "site1";
  rollup.device = "esp32-7";
  rollup.window = Millis{10'000};

  const auto [tenancy, prefix] =
      GENERATE(table<Tenancy, std::string>({{Tenancy::single, ""}, {Tenancy::multi, "acme/"}}));
  const OutputTopics topics(tenancy);
  CHECK(topics.alert(alert) == prefix + "alerts/critical/site1/esp32-7/too-hot/temperature");
  CHECK(topics.alert_state(alert) == prefix + "alert-state/site1/esp32-7/too-hot/temperature");
  CHECK(topics.presence("acme", "site1", "esp32-7") == prefix + "presence/site1/esp32-7");
  CHECK(topics.aggregate(window) == prefix + "aggregates/1m/site1/esp32-7/temperature");
  CHECK(topics.rollup(rollup) == prefix + "rollup/10s/site1/esp32-7");
  CHECK(topics.errors("acme", "-", "-") == prefix + "errors/-/-");
  CHECK(topics.control_reply("acme", "a-1") == prefix + "control-reply/alert/a-1");
  CHECK(topics.service_time("acme") == prefix + "service/time");
  CHECK(OutputTopics::service_status("main") == "service/main/status");
}

TEST_CASE("windows are spelled in the largest unit that fits", "[proto]") {
  const auto [ms, name] = GENERATE(table<std::int64_t, std::string>(
      {{10'000, "10s"}, {60'000, "1m"}, {90'000, "90s"}, {300'000, "5m"}, {3'600'000, "1h"}, {86'400'000, "1d"}}));
  CAPTURE(ms);
  CHECK(window_name(Millis{ms}) == name);
}
