#include "alerting/payload.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "alerting/flat_json.hpp"
#include "tests/alerting/findings.hpp"

using namespace telltale;
using namespace telltale::alerting;
using proto::Tenancy;

TEST_CASE("an alert has the bytes of contracts 5", "[alerting]") {
  const std::string expected =
      R"({"ts":1763700042000,"time":"2025-11-21T04:40:42Z","id":"a-9c1f0a77be02d641","n":1,"state":"firing","active":1,)"
      R"("severity":"critical","site":"site1","device":"esp32-7","rule":"too-hot","metric":"temperature","value":86.2,)"
      R"("threshold":80,"started_ts":1763700040000,"count":3,"summary":"temperature 86.2 Cel > 80 on esp32-7"})";
  const auto [event, state] = render(test::too_hot(), Tenancy::single);

  CHECK(event.topic == "alerts/critical/site1/esp32-7/too-hot/temperature");
  CHECK(event.payload == expected);
  CHECK(event.qos == 1);
  CHECK_FALSE(event.retain);
  CHECK(event.expiry_s == 300u);

  CHECK(state.topic == "alert-state/site1/esp32-7/too-hot/temperature");
  CHECK(state.payload == expected);
  CHECK(state.qos == 1);
  CHECK(state.retain);
  CHECK_FALSE(state.expiry_s);
}

TEST_CASE("an alert's state stays when it is resolved and expires when it is removed", "[alerting]") {
  using Expiry = std::optional<std::uint32_t>;
  auto [state, active, expiry] = GENERATE(table<proto::AlertState, int, Expiry>({
      {proto::AlertState::firing, 1, Expiry{}},
      {proto::AlertState::acknowledged, 1, Expiry{}},
      {proto::AlertState::silenced, 1, Expiry{}},
      {proto::AlertState::flapping, 1, Expiry{}},
      {proto::AlertState::resolved, 0, Expiry{}},
      {proto::AlertState::removed, 0, Expiry{60}},
  }));
  auto alert = test::too_hot();
  alert.state = state;
  const auto messages = render(alert, Tenancy::single);
  CAPTURE(messages.state.payload);
  CHECK(messages.state.retain);
  CHECK(messages.state.expiry_s == expiry);
  CHECK(messages.event.expiry_s == 300u);
  const std::string part = R"("state":")" + std::string(to_string(state)) + R"(","active":)" + std::to_string(active);
  CHECK(messages.state.payload.find(part) != std::string::npos);
}

TEST_CASE("presence of a removed device expires, and the operator is answered", "[alerting]") {
  auto presence = test::gone_stale();
  presence.state = proto::Presence::removed;
  presence.source = proto::PresenceSource::removal;
  const auto message = render(presence, Tenancy::single);
  CHECK(message.retain);
  CHECK(message.expiry_s == 60u);
  CHECK(message.payload.find(R"("state":"removed","online":0)") != std::string::npos);
  const auto reply = render(proto::RemovalReply{"acme", "site1", "-", true, "devices: 2, series: 9"}, Tenancy::multi);
  CHECK(reply.topic == "acme/control-reply/device/site1/-");
  CHECK(reply.payload == R"({"ok":true,"tenant":"acme","site":"site1","device":"-","detail":"devices: 2, series: 9"})");
}

TEST_CASE("what an alert does not have is an absent key", "[alerting]") {
  auto alert = test::too_hot();
  alert.value.reset();
  alert.threshold.reset();
  auto payload = render(alert, Tenancy::single).event.payload;
  for (const char* key : {"value", "threshold", "by", "comment", "runbook", "tenant"}) {
    CAPTURE(key);
    CHECK(payload.find('"' + std::string(key) + '"') == std::string::npos);
  }
  alert.by = "ana";
  alert.comment = "on \"it\"";
  alert.runbook = "https://example/hot";
  payload = render(alert, Tenancy::single).event.payload;
  CHECK(payload.find(R"("by":"ana","comment":"on \"it\"","runbook":"https://example/hot"})") != std::string::npos);
}

TEST_CASE("presence has the bytes of contracts 4", "[alerting]") {
  const auto message = render(test::gone_stale(), Tenancy::single);
  CHECK(message.topic == "presence/site1/esp32-7");
  CHECK(
      message.payload ==
      R"({"ts":1763700042000,"time":"2025-11-21T04:40:42Z","site":"site1","device":"esp32-7","state":"stale","online":0,)"
      R"("last_seen_ts":1763699900000,"heartbeat_s":60,"source":"timeout"})");
  CHECK(message.qos == 1);
  CHECK(message.retain);
  CHECK_FALSE(message.expiry_s);
}

TEST_CASE("a window has the bytes of contracts 5", "[alerting]") {
  const proto::WindowAggregate window{.tenant = "default",
                                      .site = "site1",
                                      .device = "esp32-7",
                                      .metric = "temperature",
                                      .unit = "Cel",
                                      .window = Millis{60'000},
                                      .start = from_ms(1763700000000),
                                      .count = 60,
                                      .avg = 21.42,
                                      .min = 21.1,
                                      .max = 21.9,
                                      .last = 21.5,
                                      .stddev = 0.17};
  const auto message = render(window, Tenancy::single);
  CHECK(message.topic == "aggregates/1m/site1/esp32-7/temperature");
  CHECK(message.payload ==
        R"({"ts":1763700000000,"time":"2025-11-21T04:40:00Z","site":"site1","device":"esp32-7","metric":"temperature",)"
        R"("window":"1m","unit":"Cel","count":60,"avg":21.42,"min":21.1,"max":21.9,"last":21.5,"stddev":0.17})");
  CHECK(message.qos == 0);
  CHECK_FALSE(message.retain);
  CHECK(message.expiry_s == 120u);
}

TEST_CASE("a rollup has the bytes of contracts 5", "[alerting]") {
  const proto::DeviceRollup rollup{.tenant = "default",
                                   .site = "site1",
                                   .device = "esp32-7",
                                   .window = Millis{10'000},
                                   .start = from_ms(1763700000000),
                                   .columns = {{"temperature", 21.42, 21.1, 21.9}, {"humidity", 48.0, 48.0, 48.0}}};
  const auto message = render(rollup, Tenancy::single);
  CHECK(message.topic == "rollup/10s/site1/esp32-7");
  const std::string start =
      R"({"ts":1763700000000,"time":"2025-11-21T04:40:00Z","site":"site1","device":"esp32-7","window":"10s",)"
      R"("temperature_avg":21.42,"temperature_min":21.1,"temperature_max":21.9,"humidity_avg":48.0)";
  CHECK(message.payload.substr(0, start.size()) == start);
  CHECK(message.expiry_s == 20u);
}

TEST_CASE("with tenants topics begin with the tenant and payloads name it", "[alerting]") {
  auto alert = test::too_hot();
  alert.tenant = "acme";
  const auto [event, state] = render(alert, Tenancy::multi);
  CHECK(event.topic == "acme/alerts/critical/site1/esp32-7/too-hot/temperature");
  CHECK(state.topic == "acme/alert-state/site1/esp32-7/too-hot/temperature");
  CHECK(event.payload.find(R"("severity":"critical","tenant":"acme","site":"site1")") != std::string::npos);

  auto presence = test::gone_stale();
  presence.tenant = "acme";
  const auto message = render(presence, Tenancy::multi);
  CHECK(message.topic == "acme/presence/site1/esp32-7");
  CHECK(message.payload.find(R"("tenant":"acme")") != std::string::npos);
}

TEST_CASE("an operator gets an answer that names the alert", "[alerting]") {
  const proto::ControlReply yes{.tenant = "default", .alert_id = "a-1", .ok = true, .detail = {}};
  CHECK(render(yes, Tenancy::single).topic == "control-reply/alert/a-1");
  CHECK(render(yes, Tenancy::single).payload == R"({"ok":true,"id":"a-1"})");
  const proto::ControlReply no{.tenant = "default", .alert_id = "a-1", .ok = false, .detail = "already resolved"};
  CHECK(render(no, Tenancy::single).payload == R"({"ok":false,"id":"a-1","detail":"already resolved"})");
}

TEST_CASE("a refused message is shown by its first 200 bytes as valid UTF-8", "[alerting]") {
  proto::DeadLetter letter{.reason = proto::DeadLetterReason::bad_json,
                           .topic = "telemetry/site1/esp32-7",
                           .payload = "{\"t\":\xFF\x01",
                           .payload_bytes = 7,
                           .detail = "byte 5: Invalid value",
                           .device = proto::DeviceKey{1}};
  const DeviceName device{"default", "site1", "esp32-7"};
  const auto message = render(letter, device, from_ms(1763700000000), Tenancy::single);
  CHECK(message.topic == "errors/site1/esp32-7");
  CHECK(message.qos == 0);
  CHECK(message.payload ==
        R"({"ts":1763700000000,"time":"2025-11-21T04:40:00Z","site":"site1","device":"esp32-7","reason":"bad_json",)"
        R"("topic":"telemetry/site1/esp32-7","bytes":7,"payload":"{\"t\":)"
        "\xEF\xBF\xBD"
        R"(\u0001","detail":"byte 5: Invalid value"})");

  letter.payload = std::string(199, 'x') + "\xC3\xA4" + std::string(1000, 'y');  // the limit cuts a character
  const auto longer = render(letter, device, from_ms(1763700000000), Tenancy::single);
  CHECK(longer.payload.find("\"payload\":\"" + std::string(199, 'x') + "\"") != std::string::npos);
}

TEST_CASE("any bytes become valid UTF-8", "[alerting]") {
  const std::string replacement = "\xEF\xBF\xBD";
  auto [bytes, expected] = GENERATE_REF(table<std::string, std::string>({
      {"", ""},
      {"plain", "plain"},
      {"\xC3\xA4", "\xC3\xA4"},
      {"\xFF", replacement},
      {"a\xC3", "a" + replacement},
      {"\xED\xA0\x80", replacement + replacement + replacement},  // a surrogate
      {"\xC0\xAF", replacement + replacement},                    // an overlong slash
      {"\xF0\x9F\x98\x80!", "\xF0\x9F\x98\x80!"},
  }));
  CHECK(as_utf8(bytes) == expected);
}

TEST_CASE("numbers are the shortest that read back, and not finite ones are absent", "[alerting]") {
  auto [value, number, statistic] = GENERATE(table<double, std::string, std::string>({
      {80.0, R"({"v":80})", R"({"v":80.0})"},
      {0.1, R"({"v":0.1})", R"({"v":0.1})"},
      {-0.0, R"({"v":-0})", R"({"v":-0.0})"},
      {1e300, R"({"v":1e+300})", R"({"v":1e+300})"},
      {1.0 / 3, R"({"v":0.3333333333333333})", R"({"v":0.3333333333333333})"},
      {std::numeric_limits<double>::quiet_NaN(), "{}", "{}"},
      {-std::numeric_limits<double>::infinity(), "{}", "{}"},
  }));
  CHECK(FlatObject().number("v", value).str() == number);
  CHECK(FlatObject().statistic("v", value).str() == statistic);
}
