#include <rapidjson/document.h>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "alerting/payload.hpp"

using namespace telltale;
using alerting::render;
using proto::Tenancy;

namespace {

enum class JsonType : std::uint8_t { text, number, boolean };

/// The rules of contracts 5 for every derived JSON. `types`: the JSON type that each key has had so far.
void check_rules(const proto::Outgoing& message, std::map<std::string, JsonType>& types) {
  RC_LOG(message.payload);
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(message.payload.data(), message.payload.size());
  RC_ASSERT(!document.HasParseError());
  RC_ASSERT(document.IsObject());
  std::set<std::string> keys;
  for (const auto& member : document.GetObject()) {
    const std::string key = member.name.GetString();
    RC_ASSERT(!key.empty());
    RC_ASSERT(key != "Time");
    RC_ASSERT(key != "Value");
    RC_ASSERT(keys.insert(key).second);
    const auto& value = member.value;
    RC_ASSERT(value.IsString() || value.IsNumber() || value.IsBool());
    if (value.IsNumber()) RC_ASSERT(std::isfinite(value.GetDouble()));
    const JsonType type = value.IsString() ? JsonType::text : value.IsNumber() ? JsonType::number : JsonType::boolean;
    RC_ASSERT(types.emplace(key, type).first->second == type);
  }
  RC_ASSERT(!message.topic.starts_with("/"));
  RC_ASSERT(!message.payload.empty());
}

rc::Gen<std::string> id() { return rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z'))); }
rc::Gen<std::string> bytes() { return rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }
rc::Gen<double> any_double() {
  return rc::gen::oneOf(rc::gen::arbitrary<double>(),
                        rc::gen::element(std::nan(""), HUGE_VAL, -HUGE_VAL, 0.0, -0.0, 80.0, 5e-324, 1.7e308));
}
template <class Enum>
rc::Gen<Enum> one_of(int count) {
  return rc::gen::map(rc::gen::inRange(0, count), [](int i) { return static_cast<Enum>(i); });
}
rc::Gen<Timestamp> any_time() {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000),
                      [](std::int64_t ms) { return from_ms(ms); });
}

proto::AlertTransition any_alert() {
  return {.id = "a-" + *id(),
          .n = *rc::gen::inRange(1u, 1000u),
          .state = *one_of<proto::AlertState>(6),
          .severity = *one_of<proto::Severity>(3),
          .tenant = *id(),
          .site = *id(),
          .device = *id(),
          .rule = *id(),
          .metric = *id(),
          .ts = *any_time(),
          .started = *any_time(),
          .count = *rc::gen::arbitrary<std::uint32_t>(),
          .value = *rc::gen::arbitrary<bool>() ? std::optional(*any_double()) : std::nullopt,
          .threshold = *any_double(),
          .summary = *bytes(),
          .by = *bytes(),
          .comment = *bytes(),
          .runbook = *bytes()};
}

}  // namespace

TEST_CASE("every derived message keeps the rules that Grafana needs", "[alerting][property]") {
  std::map<std::string, JsonType> alert_types, presence_types, window_types, rollup_types, error_types, reply_types;
  const Tenancy tenancy = GENERATE(Tenancy::single, Tenancy::multi);
  CHECK(rc::check([&] {
    const auto alert = any_alert();
    check_rules(render(alert, tenancy).event, alert_types);
    check_rules(render(alert, tenancy).state, alert_types);

    check_rules(render(proto::PresenceChange{.tenant = *id(),
                                             .site = *id(),
                                             .device = *id(),
                                             .state = *one_of<proto::Presence>(5),
                                             .source = *one_of<proto::PresenceSource>(6),
                                             .ts = *any_time(),
                                             .last_seen = *any_time(),
                                             .heartbeat_s = *rc::gen::arbitrary<std::int64_t>()},
                       tenancy),
                presence_types);

    check_rules(render(proto::WindowAggregate{.tenant = *id(),
                                              .site = *id(),
                                              .device = *id(),
                                              .metric = *id(),
                                              .unit = *bytes(),
                                              .window = Millis{60'000},
                                              .start = *any_time(),
                                              .count = *rc::gen::arbitrary<std::uint64_t>(),
                                              .avg = *any_double(),
                                              .min = *any_double(),
                                              .max = *any_double(),
                                              .last = *any_double(),
                                              .stddev = *any_double()},
                       tenancy),
                window_types);

    proto::DeviceRollup rollup{
        .tenant = *id(), .site = *id(), .device = *id(), .window = Millis{10'000}, .start = *any_time(), .columns = {}};
    for (const auto& metric : *rc::gen::container<std::set<std::string>>(id())) {
      rollup.columns.push_back({metric, *any_double(), *any_double(), *any_double()});
    }
    check_rules(render(rollup, tenancy), rollup_types);

    check_rules(render(proto::DeadLetter{.reason = proto::DeadLetterReason::bad_json,
                                         .topic = *bytes(),
                                         .payload = *rc::gen::scale(4.0, bytes()),
                                         .payload_bytes = *rc::gen::arbitrary<std::uint64_t>(),
                                         .detail = *bytes(),
                                         .device = proto::DeviceKey{1}},
                       alerting::DeviceName{*id(), *id(), *id()}, *any_time(), tenancy),
                error_types);

    check_rules(render(
                    proto::ControlReply{
                        .tenant = *id(), .alert_id = *id(), .ok = *rc::gen::arbitrary<bool>(), .detail = *bytes()},
                    tenancy),
                reply_types);
  }));
}

TEST_CASE("the same finding has the same bytes each time", "[alerting][property]") {
  CHECK(rc::check([] {
    const auto alert = any_alert();
    RC_ASSERT(render(alert, Tenancy::single).event.payload == render(alert, Tenancy::single).event.payload);
  }));
}
