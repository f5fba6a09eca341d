#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <tuple>

#include "app/config.hpp"
#include "proto/status.hpp"
#include "tests/proto/decoding.hpp"

namespace telltale::app {
namespace {

using Filters = std::vector<std::string>;

TEST_CASE("the smallest useful file of the design loads", "[app]") {
  const auto c = parse_config(R"([mqtt]
url = "mqtt://127.0.0.1:1883"
client_id = "telltale"
[store]
path = "data"
[http]
listen = "127.0.0.1:8080"
allow_anonymous_loopback = false
[[rule]]
name = "too-hot"
metric = "temperature"
above = 80.0
clear = 75.0
for = "2s"
severity = "critical"
[[rule]]
name = "odd-humidity"
metric = "humidity"
zscore = 4.0
clear = 3.0
span = 500
)",
                              "t.toml");
  REQUIRE(c.analytics.rules.size() == 3);  // and the built-in one
  proto::Rule hot;
  hot.name = "too-hot";
  hot.metric = "temperature";
  hot.check = proto::ThresholdCheck{80.0, std::nullopt, 75.0};
  hot.persistence = Millis{2000};
  hot.severity = proto::Severity::critical;
  CHECK(c.analytics.rules[0] == hot);
  proto::Rule odd;
  odd.name = "odd-humidity";
  odd.metric = "humidity";
  odd.check = proto::ZScoreCheck{4.0, 3.0, 500, 0.0, 30};
  CHECK(c.analytics.rules[1] == odd);
  CHECK(c.mqtt.filters == Filters{"telemetry/#", "status/#", "ack/#", "control/#", "sensors/+/+"});
  CHECK(c.ingest.filters == c.mqtt.filters);
}

TEST_CASE("every key reaches the option it names", "[app]") {
  const auto c = parse_config(R"([mqtt]
url = "mqtts://broker.example"
client_id = "c"
instance = "i"
username = "u"
ca = "ca.pem"
cert = "c.pem"
key = "k.pem"
filters = ["telemetry/#"]
session_expiry = "1h"
receive_maximum = 100
keepalive = "30s"
max_frame = "512KiB"
max_unacknowledged = "1MiB"
nap = "2ms"
backoff_min = "1s"
backoff_max = "1m"
[store]
path = "/data"
rotate_readings = 5000
rotate_age = "1m"
rotate_bytes = "1MiB"
raw_retention = "10d"
dead_letters = "2MiB"
recent_age = "0h"
recent_max_rate = 7
reserve = "3MiB"
archive_log = true
[http]
listen = "[::1]:9000"
allow_anonymous_loopback = true
query_cache = "3MiB"
cert = "http.crt"
key = "http.key"
[ingest]
batch_readings = 11
batch_delay = "1s"
max_payload = "128KiB"
max_metrics = 12
max_rows = 13
max_future = "1m"
max_past = "2d"
max_series = 14
max_devices = 15
new_series_per_minute = 16
device_messages_per_minute = 18
numeric_metrics = ["*_temp"]
zone = "Europe/Prague"
[analytics]
windows = ["10s", "1h"]
rollup_windows = []
lateness = "10s"
live_max_age = "1m"
heartbeat = "5m"
offline_severity = "info"
site_silent_severity = "warning"
[alerting]
publisher_window = 17
errors_per_second = 0
history_retention = "90d"
[tenants]
enabled = true
[log]
level = "debug"
format = "json"
[[heartbeat]]
tenant = "acme"
site = "attic"
device = "door*"
heartbeat = "15m"
)",
                              "t.toml");
  CHECK(c.mqtt.host == "broker.example");
  CHECK(c.mqtt.port == 8883);
  CHECK(c.mqtt.tls);
  CHECK(c.mqtt.client_id == "c");
  CHECK(c.mqtt.instance == "i");
  CHECK(c.mqtt.username == "u");
  CHECK(c.mqtt.ca_file == "ca.pem");
  CHECK(c.mqtt.cert_file == "c.pem");
  CHECK(c.mqtt.key_file == "k.pem");
  CHECK(c.mqtt.filters == Filters{"telemetry/#"});
  CHECK(c.mqtt.session_expiry_s == 3600);
  CHECK(c.mqtt.receive_maximum == 100);
  CHECK(c.mqtt.keepalive_s == 30);
  CHECK(c.mqtt.max_frame_bytes == 512 * 1024);
  CHECK(c.mqtt.max_unacknowledged_bytes == 1 << 20);
  CHECK(c.mqtt.nap == Millis{2});
  CHECK(c.mqtt.backoff_min == Millis{1000});
  CHECK(c.mqtt.backoff_max == Millis{60'000});
  CHECK(c.store.path == "/data");
  CHECK(c.store.rotate_readings == 5000);
  CHECK(c.store.rotate_age == Millis{60'000});
  CHECK(c.store.rotate_bytes == 1 << 20);
  CHECK(c.store.raw_retention_days == 10);
  CHECK(c.store.dead_letter_bytes == 2 << 20);
  CHECK(c.store.recent_hours == 0);
  CHECK(c.store.recent_max_rate == 7);
  CHECK(c.store.reserve_bytes == 3 << 20);
  CHECK(c.store.archive_log);
  CHECK(c.http.host == "::1");
  CHECK(c.http.port == 9000);
  CHECK(c.allow_anonymous_loopback);
  CHECK(c.query_cache_bytes == 3 << 20);
  CHECK(c.http.cert_file == "http.crt");
  CHECK(c.http.key_file == "http.key");
  CHECK(c.ingest.batch_readings == 11);
  CHECK(c.ingest.batch_delay == Millis{1000});
  CHECK(c.ingest.receive_maximum == 100);
  CHECK(c.ingest.batch_messages == 50);
  CHECK(c.ingest.decoder.max_payload_bytes == 128 * 1024);
  CHECK(c.ingest.decoder.max_metrics == 12);
  CHECK(c.ingest.decoder.max_rows == 13);
  CHECK(c.ingest.decoder.max_future == Millis{60'000});
  CHECK(c.ingest.decoder.max_past == Millis{2 * 86'400'000});
  CHECK(c.ingest.decoder.numeric_metrics == Filters{"*_temp"});
  CHECK(c.ingest.decoder.zone == "Europe/Prague");
  CHECK(c.ingest.decoder.multi_tenant);
  CHECK(c.ingest.limits.max_series == 14);
  CHECK(c.ingest.limits.max_devices == 15);
  CHECK(c.ingest.limits.new_series_per_minute == 16);
  CHECK(c.ingest.limits.device_messages_per_minute == 18);
  CHECK(c.ingest.limits.max_age == Millis{std::int64_t{9} * 86'400'000});
  CHECK(c.analytics.windows == std::vector{Millis{10'000}, Millis{3'600'000}});
  CHECK(c.analytics.rollup_windows.empty());
  CHECK(c.analytics.allowed_lateness == Millis{10'000});
  CHECK(c.analytics.live_max_age == Millis{60'000});
  CHECK(c.analytics.default_heartbeat_s == 300);
  CHECK(c.analytics.offline_severity == proto::Severity::info);
  CHECK(c.analytics.site_silent_severity == proto::Severity::warning);
  CHECK(c.analytics.heartbeats == std::vector{proto::HeartbeatSetting{"acme", "attic", "door*", 900}});
  CHECK(c.alerting.publisher_window == 17);
  CHECK(c.alerting.errors_per_second == 0);
  CHECK(c.alerting.history_retention == Millis{std::int64_t{90} * 24 * 3600 * 1000});
  CHECK(c.alerting.multi_tenant);
  CHECK(c.multi_tenant);
  CHECK(c.log.level == proto::LogLevel::debug);
  CHECK(c.log.format == LogFormat::json);
}

TEST_CASE("maintenance windows and escalations are taken as they are written", "[app]") {
  const auto c = parse_config(R"(
[ingest]
zone = "America/New_York"
[[rule]]
name = "hot"
metric = "t"
above = 80.0
severity = "info"
escalate = [ { after = "30m", severity = "warning" }, { after = "2h", severity = "critical" } ]
[[rule]]
name = "cold"
metric = "t"
below = 0.0
escalate = { after = "10m", severity = "critical" }
[[maintenance]]
name = "patching"
device = "pump-*"
days = ["sat", "sun"]
start = "02:30"
duration = "2h"
zone = "Europe/Prague"
comment = "every week"
[[maintenance]]
name = "once"
rule = "cold"
from = "2026-12-24T12:00:00"
until = "2026-12-24T18:00:00Z"
)",
                              "t");
  using proto::Severity;
  CHECK(c.analytics.rules[0].escalate == std::vector<proto::Escalation>{{Millis{1'800'000}, Severity::warning},
                                                                        {Millis{7'200'000}, Severity::critical}});
  CHECK(c.analytics.rules[1].escalate == std::vector<proto::Escalation>{{Millis{600'000}, Severity::critical}});
  REQUIRE(c.analytics.maintenance.size() == 2);
  const auto& weekly = c.analytics.maintenance[0];
  CHECK(weekly.name == "patching");
  CHECK(weekly.pattern == proto::AlertPattern{"*", "*", "pump-*", "*", "*", "*"});
  CHECK(weekly.weekdays == 0b1100000);
  CHECK(weekly.start == Millis{9'000'000});
  CHECK(weekly.duration == Millis{7'200'000});
  CHECK(weekly.zone == proto::zone_offsets("Europe/Prague"));
  CHECK(weekly.comment == "every week");
  const auto& once = c.analytics.maintenance[1];
  CHECK(once.pattern.rule == "cold");
  REQUIRE(once.once);
  CHECK(to_ms(once.once->until) - to_ms(once.once->from) == 3'600'000);  // 12:00 in New York is 17:00 UTC
}

TEST_CASE("`for` is a duration or so many of the last readings", "[app]") {
  auto [text, persistence] = GENERATE(table<const char*, proto::Persistence>({
      {"2s", Millis{2000}},
      {"0s", std::monostate{}},
      {"3 of 5", proto::NofM{3, 5}},
      {"1 of 1", proto::NofM{1, 1}},
  }));
  const auto c = parse_config("[[rule]]\nname = \"r\"\nabove = 1\nfor = \"" + std::string(text) + "\"\n", "t.toml");
  CHECK(c.analytics.rules.at(0).persistence == persistence);
}

TEST_CASE("a clear limit may equal the limit, and both sides may be watched at once", "[app]") {
  CHECK_NOTHROW(parse_config("[[rule]]\nname = \"r\"\nabove = 1\nclear = 1\n", "t.toml"));
  CHECK_NOTHROW(parse_config("[[rule]]\nname = \"r\"\nbelow = 1\nclear = 1\n", "t.toml"));
  CHECK_NOTHROW(parse_config("[[rule]]\nname = \"r\"\nzscore = 3\nclear = 3\n", "t.toml"));
  const auto c = parse_config("[[rule]]\nname = \"band\"\nabove = 30\nbelow = -5.5\n", "t.toml");
  CHECK(std::get<proto::ThresholdCheck>(c.analytics.rules[0].check) == proto::ThresholdCheck{30, -5.5, std::nullopt});
}

TEST_CASE("the mappings of the contracts load, with the tutorial's last, and their filters are derived", "[app]") {
  const auto* text = R"([[mapping]]
name = "tasmota"
topic = "tele/{device}/SENSOR"
set = { site = "home" }
time = { at = "/Time", zone = "Europe/Prague" }
metrics = [ { at = "/*/Temperature", name = "{1}_temperature", unit = "Cel" }, { at = "/ENERGY/Power", name = "power", unit = "W" } ]

[[mapping]]
name = "tasmota-lwt"
topic = "tele/{device}/LWT"
role = "status"
codec = "plain"
set = { site = "home" }
online = ["Online"]
offline = ["Offline"]

[[mapping]]
name = "z2m"
topic = "zigbee2mqtt/{device}"
set = { site = "home" }
time = { at = "/last_seen" }
metrics = "auto"
ignore = ["/update", "/last_seen", "/linkquality"]

[[mapping]]
name = "contact"
topic = "contact/{device}/{metric}/{rest...}"
codec = "plain"
set = { site = "home" }
enum = { open = 1, closed = 0.5 }
)";
  const auto c = parse_config(text, "t.toml");
  const auto& mappings = c.ingest.decoder.mappings;
  REQUIRE(mappings.size() == 5);
  CHECK(mappings[0].metrics.at(0).unit == "Cel");
  CHECK(mappings[0].time->zone == "Europe/Prague");
  CHECK(mappings[1].role == proto::Mapping::Role::status);
  CHECK(mappings[1].codec == proto::Mapping::Codec::plain);
  CHECK(mappings[1].offline == Filters{"Offline"});
  CHECK(mappings[2].metrics_auto);
  CHECK(mappings[2].ignore.size() == 3);
  CHECK(mappings[3].enum_values == std::vector<std::pair<std::string, double>>{{"closed", 0.5}, {"open", 1.0}});
  CHECK(mappings[4].topic == "sensors/{metric}/{device}");
  CHECK(c.mqtt.filters == Filters{"telemetry/#", "status/#", "ack/#", "control/#", "tele/+/SENSOR", "tele/+/LWT",
                                  "zigbee2mqtt/+", "contact/+/+/#", "sensors/+/+"});
  const auto multi = parse_config(std::string(text) + "[tenants]\nenabled = true\n", "t.toml");
  CHECK(multi.mqtt.filters == Filters{"+/telemetry/#", "+/status/#", "+/ack/#", "+/control/#", "+/tele/+/SENSOR",
                                      "+/tele/+/LWT", "+/zigbee2mqtt/+", "+/contact/+/+/#", "+/sensors/+/+"});
}

TEST_CASE("late data is accepted for at most 31 days", "[app]") {
  CHECK(parse_config("", "t.toml").ingest.limits.max_age == Millis{std::int64_t{31} * 86'400'000});
  CHECK(parse_config("[store]\nraw_retention = \"7d\"\n", "t.toml").ingest.limits.max_age ==
        Millis{std::int64_t{6} * 86'400'000});
}

/// The ```toml blocks of a document, one after the other.
std::string toml_of(const std::string& document) {
  std::ifstream file(std::string(TELLTALE_SOURCE_DIR) + "/" + document);
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```toml";
    } else if (inside) {
      text += line + '\n';
    }
  }
  return text;
}

TEST_CASE("the mappings of docs/devices.md take what their devices publish", "[app]") {
  const auto config = parse_config(toml_of("docs/devices.md"), "devices.md");
  const auto [topic, payload, device, expected] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {"tele/plug3/SENSOR",
       R"({"Time":"2025-11-21T05:40:00","ENERGY":{"TotalStartTime":"2024-01-01T00:00:00","Total":3.185,"Power":12,"Factor":0.8}})",
       "plug3", "power=12W energy=3.185kWh"},
      {"tele/plug3/SENSOR",
       R"({"Time":"2025-11-21T05:40:00","AM2301":{"Temperature":21.4,"Humidity":48.0,"DewPoint":10},"TempUnit":"C"})",
       "plug3", "AM2301_temperature=21.4Cel AM2301_humidity=48%RH"},
      {"tele/plug3/LWT", "Online", "plug3", "online"},
      {"tele/plug3/LWT", "Offline", "plug3", "offline"},
      {"zigbee2mqtt/attic",
       R"({"battery":91,"temperature":19.8,"contact":true,"action":"single","linkquality":80,"last_seen":"2025-11-21T05:40:00+01:00","update":{"state":"idle"}})",
       "attic", "battery=91@1763700000000 temperature=19.8@1763700000000 contact=true@1763700000000"},
      {"zigbee2mqtt/attic", R"({"temperature":19.8})", "attic", "temperature=19.8"},
      {"zigbee2mqtt/attic/availability", R"({"state":"offline"})", "attic", "offline"},
      {"shellyplus1pm-a8032/status/switch:0",
       R"({"id":0,"source":"init","output":true,"apower":8.9,"voltage":230.1,"aenergy":{"total":11.67,"by_minute":[1,2,3]},"temperature":{"tC":43.2}})",
       "shellyplus1pm-a8032", "power=8.9W energy=11.67Wh output=true"},
      {"shellyhtg3-84fce/status/temperature:0", R"({"id":0,"tC":21.3,"tF":70.3})", "shellyhtg3-84fce",
       "temperature=21.3Cel"},
      {"shellyhtg3-84fce/status/humidity:0", R"({"id":0,"rh":52.1})", "shellyhtg3-84fce", "humidity=52.1%RH"},
      {"shellyplus1pm-a8032/online", "false", "shellyplus1pm-a8032", "offline"},
      {"livingroom/sensor/temperature/state", "21.40", "livingroom", "temperature=21.4"},
      {"livingroom/sensor/temperature/state", "nan", "livingroom", ""},
      {"livingroom/binary_sensor/door/state", "ON", "livingroom", "door=1"},
      {"livingroom/status", "online", "livingroom", "online"},
  }));
  CAPTURE(topic, payload);
  telltale::test::Decoding decode(config.ingest.decoder);
  auto text = decode(topic, payload);
  REQUIRE(decode.taken());
  if (decode.out.kind == proto::MessageKind::status) text = to_string(decode.out.status.state);
  CHECK(text == expected);
  CHECK(decode.out.site == "home");
  CHECK(decode.out.device == device);
}

}  // namespace
}  // namespace telltale::app
