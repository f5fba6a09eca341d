#include "alerting/operator_desk.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "alerting/config_desk.hpp"
#include "alerting/desk.hpp"
#include "store/sqlite.hpp"
#include "tests/alerting/recording_publisher.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using proto::AlertState;
using proto::OrderRefusal;

namespace {

/// A running alerting thread over a real store; the test writes the log.
struct Scene {
  test::TemporaryFolder folder;
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  test::RecordingPublisher publisher;
  store::Store store{options(folder), clock, log, metrics};
  store::StateDb state{folder.path() / "state.db"};
  alerting::Alerting alerting{{}, store, state, publisher, clock, log, metrics};
  std::mutex mutex;
  Timestamp now = from_ms(1'763'700'000'000);
  std::uint64_t last = 0;
  bool writable = true;
  alerting::OperatorDesk desk{folder.path() / "state.db", alerting.answers(),
                              [this](proto::Event event, const auto& logged) {
                                if (!writable) return logged(std::nullopt);
                                proto::Batch batch;
                                batch.add(std::move(event));
                                append(std::move(batch));
                                logged(last);
                              },
                              5000ms};

  static store::StoreOptions options(const test::TemporaryFolder& folder) {
    store::StoreOptions options;
    options.path = folder.path();
    options.recent_hours = 0;
    return options;
  }
  Scene() {
    alerting.start();
    proto::RuleSet rules;
    proto::Rule rule;
    rule.name = "too-hot";
    rule.check = proto::ThresholdCheck{80.0, std::nullopt, std::nullopt};
    rules.rules.push_back(rule);
    proto::Batch batch;
    batch.add(proto::RuleSetChange{rules});
    for (std::uint32_t i = 1; i <= 3; ++i) {
      batch.add(proto::NewDevice{proto::DeviceKey{i}, "default", "site1", "d" + std::to_string(i)});
      batch.add(proto::NewSeries{proto::SeriesId{i}, proto::DeviceKey{i}, "temperature", "Cel"});
    }
    append(std::move(batch));
  }
  ~Scene() { alerting.stop(0ms); }

  void append(proto::Batch batch) {
    const std::lock_guard lock(mutex);
    now += 1s;
    batch.id = static_cast<std::uint64_t>(to_ms(now));
    batch.log_time = now;
    const auto shared = std::make_shared<proto::Batch>(std::move(batch));
    if (!store.append(shared)) throw std::runtime_error("append failed");
    last = shared->position.sequence;
  }
  void reads(std::uint32_t device, double value) {
    proto::Batch batch;
    proto::Reading reading{};
    reading.ts = now + 1s;
    reading.number = value;
    reading.series = proto::SeriesId{device};
    reading.type = proto::ValueType::number;
    reading.source = proto::TsSource::device;
    batch.readings.push_back(reading);
    append(std::move(batch));
    REQUIRE(test::eventually([&] { return alerting.processed_sequence() == last; }));
  }
  proto::SilenceOrder silence(std::string device) const {
    proto::SilenceOrder order;
    order.tenant = "default";
    order.name = "works";
    order.pattern.device = std::move(device);
    order.until = now + 1h;
    order.by = "ana";
    order.comment = "new seals";
    return order;
  }
};

proto::OperatorAction ack(std::string id) {
  return {proto::OperatorVerb::ack, "default", std::move(id), "ana", "on it", std::nullopt};
}

std::vector<std::string> states(const std::vector<proto::RecordedTransition>& rows) {
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row.said.device + ' ' + std::string(to_string(row.said.state)));
  return found;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("an order given from another thread is followed and answered", "[alerting]") {
  Scene scene;
  scene.reads(1, 90);
  REQUIRE(scene.desk.active_alerts("default").size() == 1);
  const auto alert = scene.desk.active_alerts("default").front().said;
  CHECK(alert.state == AlertState::firing);
  CHECK(alert.value == 90.0);
  CHECK(alert.threshold == 80.0);
  CHECK(alert.rule == "too-hot");
  CHECK(alert.summary == "temperature 90 Cel > 80 on d1");
  const auto done = std::async(std::launch::async, [&] { return scene.desk.order(ack(alert.id)); }).get();
  REQUIRE(done);
  CHECK(*done == "acknowledged");
  CHECK(scene.desk.order(ack(alert.id)).value() == "already acknowledged");
  const auto now = scene.desk.active_alerts("default").front().said;
  CHECK(now.state == AlertState::acknowledged);
  CHECK(now.by == "ana");
  CHECK(now.reason == proto::AlertReason::ordered);
  CHECK(scene.desk.active_alerts("acme").empty());
}

TEST_CASE("alerts can be asked for in their newest state alone", "[alerting]") {
  Scene scene;
  scene.reads(1, 90);
  scene.reads(2, 90);
  scene.reads(1, 70);
  REQUIRE(scene.desk.order(ack(scene.desk.active_alerts("default").front().said.id)));
  proto::TransitionQuery query;
  CHECK(states(scene.desk.transitions(query)) == Strings{"d2 acknowledged", "d1 resolved", "d2 firing", "d1 firing"});
  query.newest_of_each = true;
  CHECK(states(scene.desk.transitions(query)) == Strings{"d2 acknowledged", "d1 resolved"});
  query.state = AlertState::firing;  // was, and is not any more
  CHECK(scene.desk.transitions(query).empty());
  query.state = AlertState::resolved;
  query.limit = 1;
  CHECK(states(scene.desk.transitions(query)) == Strings{"d1 resolved"});
}

TEST_CASE("an order that is not followed says why", "[alerting]") {
  Scene scene;
  scene.reads(1, 90);
  const auto id = scene.desk.active_alerts("default").front().said.id;
  CHECK(scene.desk.order(ack("a-0000000000000000")).error().why == OrderRefusal::unknown);
  auto late = ack(id);
  late.verb = proto::OperatorVerb::silence;
  late.until = scene.now - 1h;
  CHECK(scene.desk.order(late).error().why == OrderRefusal::invalid);
  scene.reads(1, 70);
  const auto over = scene.desk.order(ack(id));
  CHECK(over.error().why == OrderRefusal::over);
  CHECK(over.error().text == "already resolved");
  auto end = scene.silence("*");
  end.verb = proto::SilenceVerb::end;
  CHECK(scene.desk.order(end).error().why == OrderRefusal::unknown);
  scene.writable = false;
  CHECK(scene.desk.order(ack(id)).error().why == OrderRefusal::unavailable);
}

TEST_CASE("an order that nobody answers in time is unavailable", "[alerting]") {
  Scene scene;
  alerting::OperatorDesk lost(
      scene.folder.path() / "state.db", scene.alerting.answers(), [](const proto::Event&, const auto&) {}, 10ms);
  CHECK(lost.order(ack("a-0000000000000000")).error().why == OrderRefusal::unavailable);
}

TEST_CASE("silences are listed while they last, and so are maintenance windows", "[alerting]") {
  Scene scene;
  CHECK(scene.desk.order(scene.silence("d1")).value() == "active");
  auto later = scene.silence("d2");
  later.name = "later";
  later.from = scene.now + 30min;
  CHECK(scene.desk.order(later).value() == "waiting");
  const auto listed = scene.desk.silences("default");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].name == "later");
  CHECK(listed[0].phase == proto::SilenceState::Phase::waiting);
  CHECK(listed[1].name == "works");
  CHECK(listed[1].phase == proto::SilenceState::Phase::active);
  CHECK(listed[1].pattern.device == "d1");
  CHECK(listed[1].by == "ana");
  CHECK(listed[1].comment == "new seals");
  CHECK(scene.desk.silences("acme").empty());

  auto end = scene.silence("");
  end.verb = proto::SilenceVerb::end;
  CHECK(scene.desk.order(end).value() == "ended");
  CHECK(scene.desk.silences("default").size() == 1);

  proto::RuleSet rules;
  rules.maintenance.emplace_back().name = "patching";
  rules.maintenance[0].pattern.site = "site1";
  rules.maintenance[0].once = proto::TimeSpan{scene.now - 1h, scene.now + 1h};
  proto::Batch batch;
  batch.add(proto::RuleSetChange{rules});
  scene.append(std::move(batch));
  REQUIRE(test::eventually([&] { return scene.alerting.processed_sequence() == scene.last; }));
  const auto both = scene.desk.silences("default");
  REQUIRE(both.size() == 2);
  CHECK(both[0].kind == proto::SilenceState::Kind::maintenance);
  CHECK(both[0].by == "maintenance patching");
}

TEST_CASE("transitions are found by what they say, newest first, page by page", "[alerting]") {
  Scene scene;
  scene.reads(1, 90);
  scene.reads(2, 90);
  scene.reads(1, 70);
  const auto find = [&](auto change) {
    proto::TransitionQuery query;
    change(query);
    return states(scene.desk.transitions(query));
  };
  CHECK(find([](auto&) {}) == Strings{"d1 resolved", "d2 firing", "d1 firing"});
  CHECK(find([](auto& q) { q.device = "d2"; }) == Strings{"d2 firing"});
  CHECK(find([](auto& q) { q.state = AlertState::firing; }) == Strings{"d2 firing", "d1 firing"});
  CHECK(find([](auto& q) { q.rule = "other"; }).empty());
  CHECK(find([](auto& q) { q.severity = proto::Severity::critical; }).empty());
  CHECK(find([](auto& q) { q.tenant = "acme"; }).empty());
  CHECK(find([&](auto& q) { q.from = scene.now; }) == Strings{"d1 resolved"});
  CHECK(find([&](auto& q) { q.to = scene.now; }) == Strings{"d2 firing", "d1 firing"});
  CHECK(find([](auto& q) { q.limit = 1; }) == Strings{"d1 resolved"});
  const auto newest = scene.desk.transitions({}).front().number;
  CHECK(find([&](auto& q) { q.before_number = newest; }) == Strings{"d2 firing", "d1 firing"});
}

TEST_CASE("the history can be read with plain SQL beside the running service, and old rows go", "[alerting]") {
  Scene scene;
  scene.reads(1, 90);
  scene.reads(1, 70);
  scene.reads(2, 90);
  {
    store::Database database(scene.folder.path() / "state.db", store::Database::Mode::read_only);
    store::Statement rows(
        database,
        "SELECT time, state, active, severity, site, device, rule, metric, value, threshold, count, reason "
        "FROM alert_history ORDER BY row");
    auto row = rows.query();
    REQUIRE(row.next());
    CHECK(row.text(1) == "firing");
    CHECK(row.integer(2) == 1);
    CHECK(row.text(5) == "d1");
    CHECK(row.real(8) == 90.0);
    CHECK(row.text(11) == "violated");
    REQUIRE(row.next());
    CHECK(row.text(1) == "resolved");
    CHECK(row.text(11) == "recovered");
    CHECK(database.number("SELECT count(*) FROM alert_active") == 1);
  }
  CHECK(scene.state.forget_history(scene.now + 1h, 1) == 1);
  CHECK(scene.state.forget_history(scene.now + 1h, 100) == 1);  // not the one of the alert that is not over
  CHECK(scene.desk.active_alerts("default").size() == 1);
  CHECK(states(scene.desk.transitions({})) == Strings{"d2 firing"});
}

TEST_CASE("versions of a configuration only grow, and what devices name is kept over a restart", "[alerting]") {
  Scene scene;
  const std::string topic = "config/site1/d";
  proto::DeviceReply reply;
  reply.tenant = "default";
  reply.site = "site1";
  reply.device = "d";
  {
    store::StateDb facts(scene.folder.path() / "state.db");
    alerting::ConfigDesk configs(scene.alerting, facts, proto::Tenancy::single);
    CHECK(configs.next_version(topic) == 1);
    CHECK(configs.next_version(topic) == 2);
    CHECK(configs.next_version("config/site1/e") == 1);
    CHECK_FALSE(configs.reported(topic));
    for (const auto* said : {"1", "no number", "2", "2"}) {
      reply.id = said;
      configs.note(reply);
    }
    CHECK(test::eventually([&] { return configs.reported(topic) == 2; }));
    const auto retained = [&](std::int64_t version) {
      std::promise<proto::ConfigOutcome> told;
      configs.retain({.topic = topic, .payload = "{}", .version = version},
                     [&](proto::ConfigOutcome outcome) { told.set_value(outcome); });
      return told.get_future().get();
    };
    CHECK(retained(1) == proto::ConfigOutcome::overtaken);  // 2 was given meanwhile
    CHECK(retained(2) == proto::ConfigOutcome::stored);
  }
  store::StateDb facts(scene.folder.path() / "state.db");
  alerting::ConfigDesk configs(scene.alerting, facts, proto::Tenancy::single);
  CHECK(configs.next_version(topic) == 3);
  CHECK(configs.reported(topic) == 2);
}
