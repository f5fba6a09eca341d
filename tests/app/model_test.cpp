#include <catch2/catch.hpp>
#include <sstream>

#include "alerting/pipeline.hpp"
#include "app/command_model.hpp"
#include "tests/alerting/service_bench.hpp"

namespace telltale::app {
namespace {

/// A gateway with one series under a z-score rule, and what its last checkpoint says.
struct Gateway {
  test::ServiceBench service;
  Config config;

  explicit Gateway(double level, const char* device) {
    config.store = service.store_options();
    service.start();
    proto::RuleSet rules;
    auto& rule = rules.rules.emplace_back();
    rule.name = "odd";
    rule.check = proto::ZScoreCheck{};
    auto batch = make_batch();
    batch.add(proto::RuleSetChange{rules});
    batch.add(proto::NewDevice{proto::DeviceKey{1}, "default", "site1", device});
    batch.add(proto::NewSeries{proto::SeriesId{1}, proto::DeviceKey{1}, "flow", "l/s"});
    service.append(batch);
    for (int i = 0; i < 50; ++i) measure(level + i % 3);
    service.pipeline->finish_log();
  }
  void stop() {
    service.pipeline->finish_log();
    service.crash();
  }
  proto::Batch make_batch() {
    service.clock.advance(Millis{1000});
    proto::Batch batch;
    batch.log_time = service.clock.now();
    return batch;
  }
  void measure(double value) {
    auto batch = make_batch();
    proto::Reading r{};
    r.ts = batch.log_time;
    r.series = proto::SeriesId{1};
    r.number = value;
    batch.readings.push_back(r);
    service.append(batch);
  }
  std::string exported() {
    std::ostringstream out, err;
    CHECK(run_model_export(config, {}, out, err) == 0);
    CHECK(err.str().empty());
    return out.str();
  }
};

TEST_CASE("a model goes from one gateway to another through the log", "[app]") {
  Gateway from(100, "pump-1");
  Gateway to(5, "pump-9");
  const auto file = from.exported();  // beside the running service
  CAPTURE(file);
  CHECK(file.find("\"readings\": 50") != std::string::npos);

  std::ostringstream out, err;
  CHECK(run_model_import(to.config, file, {"site1/pump-1=site1/pump-9"}, to.service.clock, out, err) == 1);
  CHECK(err.str().find("is in use by another telltale") != std::string::npos);
  CHECK(err.str().find("Stop the service") != std::string::npos);

  to.stop();
  err.str("");
  CHECK(run_model_import(to.config, file, {"site1/pump-1=site1/pump-9"}, to.service.clock, out, err) == 0);
  CHECK(out.str() == "1 model is in the log; it counts from the service's next start\n");
  CHECK(err.str().find("models[") == std::string::npos);
  to.service.start();
  to.service.pipeline->finish_log();
  auto there = *proto::models_from_json(to.exported());
  REQUIRE(there.size() == 1);
  CHECK(there[0].device == "pump-9");
  there[0].device = "pump-1";
  CHECK(there == *proto::models_from_json(file));

  // It is an event at its place in the log: a replay from there on comes to the same.
  to.measure(100);
  to.service.pipeline->finish_log();
  const auto once = to.exported();
  CHECK(once.find("\"readings\": 51") != std::string::npos);
}

TEST_CASE("a model is reset by patterns", "[app]") {
  Gateway gateway(5, "pump-1");
  std::ostringstream out, err;
  CHECK(run_model_reset(gateway.config, {.device = "pump-*"}, gateway.service.clock, out, err) == 1);
  CHECK(out.str().empty());  // nothing was forgotten beside the running service
  CHECK(err.str().find("is in use by another telltale") != std::string::npos);
  gateway.stop();
  CHECK(run_model_reset(gateway.config, {.device = "boiler*"}, gateway.service.clock, out, err) == 2);
  CHECK(err.str().find("nothing that matches has been learned") != std::string::npos);
  CHECK(run_model_reset(gateway.config, {.device = "pump-*"}, gateway.service.clock, out, err) == 0);
  CHECK(out.str() == "forgotten: site1/pump-1/flow (odd)\n");
  gateway.service.start();
  gateway.service.pipeline->finish_log();
  CHECK(proto::models_from_json(gateway.exported())->empty());
}

TEST_CASE("an import of what does not fit names the model and writes nothing", "[app]") {
  Gateway from(100, "pump-1");
  Gateway to(5, "pump-9");
  const auto file = from.exported();
  to.stop();
  const auto before = to.exported();
  const auto [move, says] = GENERATE(table<std::string, std::string>({
      {"site1/pump-2=site1/pump-3", "models[0] site1/pump-1/flow (odd): there is no such series yet"},
      {"site1/pump-1", "--map site1/pump-1: expected OLD=NEW"},
      {"pump-1=pump-9", "expected site/device or site/device/metric on both sides"},
      {"site1/pump-1/flow=site1/pump-9/heat", "models[0] site1/pump-9/heat (odd): there is no such series yet"},
  }));
  std::ostringstream out, err;
  CHECK(run_model_import(to.config, file, {move}, to.service.clock, out, err) == 2);
  CHECK_THAT(err.str(), Catch::Contains(says));
  CHECK(out.str().empty());
  to.service.start();
  to.service.pipeline->finish_log();
  CHECK(to.exported() == before);
}

TEST_CASE("without a data folder or a checkpoint an export says so", "[app]") {
  test::ServiceBench service;
  Config config;
  config.store = service.store_options();
  std::ostringstream out, err;
  CHECK(run_model_export(config, {}, out, err) == 1);
  CHECK(err.str().find("no data folder") != std::string::npos);
  service.start();
  err.str("");
  CHECK(run_model_export(config, {}, out, err) == 1);
  CHECK(err.str().find("has no checkpoint yet") != std::string::npos);
}

}  // namespace
}  // namespace telltale::app
