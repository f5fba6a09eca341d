#include "alerting/refused_orders.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "tests/alerting/service_bench.hpp"

using namespace telltale;
using proto::DeadLetterReason;
using test::ServiceBench;

namespace {

proto::Batch refused(const std::string& topic, std::string detail = "'devise' is no key here",
                     DeadLetterReason reason = DeadLetterReason::bad_control) {
  proto::Batch batch;
  batch.log_time = from_ms(1'763'700'000'000);
  batch.add(proto::DeadLetter{reason, topic, R"({"devise":"a"})", 14, std::move(detail)});
  return batch;
}

std::vector<std::string> told(ServiceBench& service, const std::string& topic_class) {
  std::vector<std::string> found;
  for (const auto& message : service.publisher.wire())
    if (message.topic.find(topic_class) != std::string::npos) found.push_back(message.topic + ' ' + message.payload);
  return found;
}

}  // namespace

TEST_CASE("an order that was refused is answered, naming the topic and the field", "[alerting]") {
  const auto [tenancy, topic, answer] = GENERATE(table<proto::Tenancy, std::string, std::string>({
      {proto::Tenancy::single, "control/silence/works",
       R"(control-reply/silence/works {"ok":false,"name":"works","detail":"control/silence/works: 'devise' is no key here"})"},
      {proto::Tenancy::single, "control/silence/works/end",
       R"(control-reply/silence/works {"ok":false,"name":"works","detail":"control/silence/works/end: 'devise' is no key here"})"},
      {proto::Tenancy::single, "control/alert/a-9c1f0a77be02d641/ack",
       R"(control-reply/alert/a-9c1f0a77be02d641 {"ok":false,"id":"a-9c1f0a77be02d641","detail":"control/alert/a-9c1f0a77be02d641/ack: 'devise' is no key here"})"},
      {proto::Tenancy::single, "control/device/site1/d1/remove",
       R"(control-reply/device/site1/d1 {"ok":false,"site":"site1","device":"d1","detail":"control/device/site1/d1/remove: 'devise' is no key here"})"},
      {proto::Tenancy::multi, "acme/control/silence/works",
       R"(acme/control-reply/silence/works {"ok":false,"name":"works","tenant":"acme","detail":"acme/control/silence/works: 'devise' is no key here"})"},
      {proto::Tenancy::single, "control/silence/no name", ""},  // names nobody who could be answered
      {proto::Tenancy::single, "control/rules/reload", ""},
      {proto::Tenancy::single, "telemetry/site1/d1", ""},
      {proto::Tenancy::multi, "control/silence/works", ""},  // names no tenant
  }));
  CAPTURE(topic);
  alerting::AlertingOptions options;
  options.multi_tenant = tenancy == proto::Tenancy::multi;
  ServiceBench service(options);
  service.start_connected();
  service.take(refused(topic));
  CHECK(told(service, "control-reply/") == (answer.empty() ? std::vector<std::string>{} : std::vector{answer}));
}

TEST_CASE("an order that was refused is told on errors/-/-, also when its topic names nobody", "[alerting]") {
  const auto topic = GENERATE(as<std::string>(), "control/silence/works", "control/silence/no name", "control/x");
  ServiceBench service;
  service.start_connected();
  service.take(refused(topic));
  const auto errors = told(service, "errors/");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].starts_with("errors/-/- {"));
  CHECK(errors[0].find("\"topic\":\"" + topic + "\"") != std::string::npos);
  CHECK(errors[0].find("'devise' is no key here") != std::string::npos);
}

TEST_CASE("the answer to a refused order outlives a kill and comes once", "[alerting][lesson-25]") {
  ServiceBench service;
  service.start();
  service.take(refused("control/silence/works"));
  service.crash();
  service.start_connected();
  service.restart_connected();
  CHECK(told(service, "control-reply/").size() == 1);
}
