#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alerting/audit.hpp"
#include "store/sqlite.hpp"
#include "tests/alerting/service_bench.hpp"
#include "tests/alerting/story.hpp"
#include "tests/support/eventually.hpp"

using namespace telltale;
using test::ServiceBench;
using test::Story;

namespace {

alerting::AuditReport audit_story(const Story& story, const std::vector<store::StateDb::HistoryRow>& history) {
  std::size_t next = 0;
  return alerting::audit(
      [&]() -> std::shared_ptr<const proto::Batch> {
        if (next == story.batches.size()) return nullptr;
        return std::make_shared<proto::Batch>(story.batches[next++]);
      },
      history, proto::Tenancy::single);
}

/// Segments that the store still has.
std::ptrdiff_t log_files(const ServiceBench& service) {
  const std::filesystem::directory_iterator files(service.folder.path() / "log");
  return std::count_if(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".log"; });
}

/// What subscribers of alerts/# have: every transition at least once, byte for byte, first copies in order.
/// Gives the number of repetitions.
std::size_t check_wire(const Story& story, const std::vector<proto::Outgoing>& wire) {
  std::vector<std::string> first_copies;
  std::set<std::string> seen;
  std::size_t repetitions = 0;
  for (const auto& message : wire) {
    if (!message.topic.starts_with("alerts/")) continue;
    if (seen.insert(message.payload).second) {
      first_copies.push_back(message.topic + ' ' + message.payload);
    } else {
      ++repetitions;
    }
  }
  std::vector<std::string> expected;
  for (const auto& said : story.transitions) expected.push_back(said.topic + ' ' + said.payload);
  CHECK(test::first_difference(first_copies, expected) == "");
  return repetitions;
}

/// History, wire and retained topics are those of a run that was never interrupted; nothing was sent twice.
void check_told_once(const Story& story, ServiceBench& service) {
  CHECK(audit_story(story, service.state->history()).clean());
  CHECK(check_wire(story, service.publisher.wire()) == 0);
  CHECK(service.publisher.retained() == story.table);
}

}  // namespace

TEST_CASE("a story tells enough to be worth interrupting", "[alerting]") {
  const Story story = test::make_story(1, 120);
  CHECK(story.transitions.size() > 20);
  CHECK(story.table.size() > 6);
}

TEST_CASE("without interruption the outside hears exactly what analytics says", "[alerting]") {
  const Story story = test::make_story(2, 80);
  ServiceBench service;
  service.start_connected();
  for (const auto& batch : story.batches) service.take(batch);
  check_told_once(story, service);
}

TEST_CASE("what happens live is told once, behind its record; what is replayed is told to nobody", "[alerting]") {
  const Story story = test::make_story(3, 80);
  ServiceBench service;
  std::vector<std::pair<std::string, std::uint32_t>> told;
  const auto start = [&] {
    service.start();
    service.pipeline->on_live([&](const proto::Batch&, std::span<const proto::Finding> findings) {
      const auto recorded = service.state->history();
      for (const auto& finding : findings) {
        const auto* said = std::get_if<proto::AlertTransition>(&finding);
        if (said == nullptr) continue;
        told.emplace_back(said->id, said->n);
        CHECK(std::ranges::any_of(recorded, [&](const auto& row) { return row.id == said->id && row.n == said->n; }));
      }
    });
  };
  start();
  for (std::size_t i = 0; i < story.batches.size(); ++i) {
    service.take(story.batches[i]);
    if (i % 20 != 19) continue;
    service.crash();
    start();
    service.settle();
  }
  std::vector<std::pair<std::string, std::uint32_t>> all;
  for (const auto& row : service.state->history()) all.emplace_back(row.id, row.n);
  CHECK(told == all);
}

TEST_CASE("killed anywhere and started again, no transition is lost, none is new [lesson-11] [lesson-25]",
          "[alerting][lesson-11][lesson-25]") {
  const auto seed = GENERATE(range(100u, 112u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto upto = [&](int last) {
    return static_cast<std::size_t>(std::uniform_int_distribution<int>(0, last)(random));
  };
  const Story story = test::make_story(seed, 60);
  alerting::AlertingOptions options;
  options.publisher_window = 5;
  ServiceBench service(options);
  service.start();
  std::size_t kills = 0;
  for (const auto& batch : story.batches) {
    service.append(batch);
    for (std::size_t steps = upto(3); steps > 0; --steps) {
      if (upto(3) == 0 && !service.publisher.connected()) service.publisher.connect();
      (void)service.pipeline->step(Millis{0});
      service.publisher.acknowledge(upto(4));
    }
    if (upto(7) == 0) REQUIRE(service.store->rotate());
    if (upto(9) == 0) service.settle();
    if (upto(5) == 0) {
      if (service.publisher.connected()) service.publisher.disconnect(upto(5));
      service.crash();
      service.start();
      ++kills;
    }
  }
  service.publisher.at_once = true;
  if (service.publisher.connected()) service.publisher.disconnect();
  service.publisher.connect();
  service.settle();

  const auto report = audit_story(story, service.state->history());
  CHECK(report.missing.empty());
  CHECK(report.extra.empty());
  CHECK(report.different.empty());
  CHECK(report.transitions == story.transitions.size());
  CHECK(check_wire(story, service.publisher.wire()) <= (kills + 1) * options.publisher_window);
  CHECK(service.publisher.retained() == story.table);
}

TEST_CASE("an orderly restart says nothing twice and loses nothing that was open [lesson-11] [lesson-25]",
          "[alerting][lesson-11][lesson-25]") {
  const Story story = test::make_story(3, 90);
  ServiceBench service;
  service.start_connected();
  for (std::size_t i = 0; i < story.batches.size(); ++i) {
    service.take(story.batches[i]);
    if (i % 30 == 29) {
      service.pipeline->finish_log();
      CHECK(service.pipeline->drain(Millis{0}));
      service.restart_connected();
    }
  }
  check_told_once(story, service);
}

TEST_CASE("a lost checkpoint is no loss while the log is whole", "[alerting]") {
  const Story story = test::make_story(4, 60);
  ServiceBench service;
  service.start_connected();
  for (const auto& batch : story.batches) service.take(batch);
  service.restart_connected();
  CHECK(check_wire(story, service.publisher.wire()) == 0);
  CHECK(service.log.count_containing("cold") == 0);
}

TEST_CASE("aggregates of the past are not sent again by a replay", "[alerting]") {
  const Story story = test::make_story(5, 120);
  ServiceBench service;
  service.start_connected();
  for (const auto& batch : story.batches) service.take(batch);
  const auto aggregates = [&] {
    const auto wire = service.publisher.wire();
    return std::count_if(wire.begin(), wire.end(), [](const auto& m) {
      return m.topic.starts_with("aggregates/") || m.topic.starts_with("rollup/");
    });
  };
  const auto before = aggregates();
  CHECK(before > 0);
  service.crash();
  service.start();
  service.settle();
  CHECK(aggregates() == before);
}

TEST_CASE("a checkpoint that points outside the log is said aloud, and analytics starts cold", "[alerting]") {
  const Story story = test::make_story(6, 40);
  ServiceBench service;
  service.start_connected();
  for (const auto& batch : story.batches) service.take(batch);
  service.pipeline->finish_log();
  const auto said = service.state->history().size();
  const auto checkpoint = service.state->load_checkpoint();
  REQUIRE(checkpoint);
  service.state->save_checkpoint(
      {{checkpoint->position.generation + 7, checkpoint->position.sequence + 1000}, checkpoint->value});
  service.crash();

  service.start();
  service.settle();
  CHECK(service.log.count_containing("starts cold") == 1);
  CHECK(service.state->history().size() == said);  // emitted_upto still holds: nothing is said twice
  CHECK(service.pipeline->processed_sequence() == story.batches.size());
}

TEST_CASE("a checkpoint that cannot be read is said aloud, and analytics starts cold", "[alerting]") {
  const Story story = test::make_story(7, 20);
  ServiceBench service;
  service.start();
  for (const auto& batch : story.batches) service.append(batch);
  service.settle();
  service.state->save_checkpoint({{1, 5}, "no engine's state"});
  service.crash();
  service.start();
  CHECK(service.log.count_containing("cannot be read") == 1);
  service.settle();
  CHECK(audit_story(story, service.state->history()).clean());
}

TEST_CASE("emitted findings beyond the end of the log are said aloud, and new ones go out", "[alerting]") {
  const Story story = test::make_story(8, 60);
  ServiceBench service;
  service.start();
  for (std::size_t i = 0; i < 30; ++i) service.append(story.batches[i]);
  service.settle();
  const auto said = service.state->history().size();
  service.state->apply({.events = {}, .topics = {}, .history = {}, .emitted_upto = {{900, 100'000}, 0}});
  service.crash();
  service.start();
  service.settle();
  CHECK(service.log.count_containing("that the log does not hold") == 1);
  CHECK(service.state->history().size() == said);
  for (std::size_t i = 30; i < 60; ++i) service.append(story.batches[i]);
  service.settle();
  CHECK(service.state->history().size() > said);
}

TEST_CASE("findings of a batch that was processed are not lost when state.db cannot be asked", "[alerting]") {
  const Story story = test::make_story(2, 80);
  ServiceBench service;
  service.start_connected();
  for (std::size_t i = 0; i < 20; ++i) service.append(story.batches[i]);
  service.settle();
  {
    store::Database other(service.folder.path() / "state.db", store::Database::Mode::full);
    other.exec("ALTER TABLE alert_history RENAME TO away");
    for (std::size_t i = 20; i < 80; ++i) service.append(story.batches[i]);
    CHECK_THROWS_AS(service.settle(), store::StoreFailure);
    CHECK_THROWS_AS(service.settle(), store::StoreFailure);
    other.exec("ALTER TABLE away RENAME TO alert_history");
  }
  service.settle();
  check_told_once(story, service);
}

TEST_CASE("the audit finds what is missing, what is too much and what differs", "[alerting]") {
  const Story story = test::make_story(9, 60);
  std::vector<store::StateDb::HistoryRow> history;
  for (const auto& said : story.transitions) {
    history.push_back(
        {.id = said.id, .n = said.n, .ts_ms = 0, .tenant = {}, .topic = said.topic, .payload = said.payload});
  }
  CHECK(audit_story(story, history).clean());
  history[2].payload += ' ';
  history[1].n = 999;
  const auto report = audit_story(story, history);
  REQUIRE(report.different.size() == 1);
  CHECK(report.different[0].id == story.transitions[2].id);
  REQUIRE(report.missing.size() == 1);
  CHECK(report.missing[0].id == story.transitions[1].id);
  REQUIRE(report.extra.size() == 1);
  CHECK(report.extra[0].n == 999);
}

TEST_CASE("alerts that a cold start forgets end as removed, and those that go on are told again [lesson-25]",
          "[alerting][lesson-25]") {
  const Story story = test::make_story(10, 120);
  ServiceBench service;
  service.start_connected();
  for (std::size_t i = 0; i < 60; ++i) {
    service.take(story.batches[i]);
  }
  REQUIRE(service.store->rotate());
  proto::Batch rules;  // as a start of the service writes them
  rules.log_time = story.batches[60].log_time;
  rules.events = story.batches[0].events;
  service.append(rules);
  for (std::size_t i = 60; i < 90; ++i) {
    service.take(story.batches[i]);
  }
  REQUIRE(test::eventually([&] { return log_files(service) == 1; }));  // the first segment is sealed and gone
  const std::string orphan = R"({"id":"a-0","n":4,"active":1,"severity":"critical","site":"s","device":"d","rule":"r",)"
                             R"("metric":"m","started_ts":5,"count":2,"summary":"too hot"})";
  service.state->topic_changed({.topic = "alert-state/s/d/r/m", .payload = orphan});
  service.state->save_checkpoint({{1, 5}, "no engine's state"});
  service.publisher.disconnect();
  service.crash();

  service.start();
  service.publisher.connect();
  service.settle();
  CHECK(service.log.count_containing("starts cold") == 1);
  const auto end = service.state->newest_transition("a-0");
  REQUIRE(end);
  CHECK(end->n == 5);
  CHECK(end->topic == "alerts/critical/s/d/r/m");
  CHECK(end->payload.find(R"("state":"removed","active":0)") != std::string::npos);
  CHECK_FALSE(service.state->topic("alert-state/s/d/r/m"));  // sent, and forgotten here too

  SECTION("the cold start is not made twice") {
    service.publisher.disconnect();
    service.crash();
    service.start();
    service.settle();
    CHECK(service.log.count_containing("starts cold") == 1);
  }
  SECTION("nothing is said twice, whatever comes") {
    for (std::size_t i = 90; i < story.batches.size(); ++i) {
      service.take(story.batches[i]);
    }
    std::set<std::string> seen;
    for (const auto& message : service.publisher.wire()) {
      if (!message.topic.starts_with("alerts/")) continue;
      const auto id = message.payload.find("\"id\"");  // "id":…,"n":…,"state"
      CHECK(seen.insert(message.payload.substr(id, message.payload.find("\"state\"") - id)).second);
    }
    CHECK(seen.size() > 1);
  }
}

TEST_CASE("a cold start knows the tags that devices had before the log begins", "[alerting]") {
  proto::Rule rule;
  rule.name = "too-hot";
  rule.metric = "temperature";
  rule.tags = {{"fw", "1"}};
  rule.check = proto::ThresholdCheck{.above = 80, .below = {}, .clear = {}};
  proto::RuleSet rules;
  rules.rules.push_back(rule);
  proto::Batch opening;
  opening.id = 1;
  opening.log_time = from_ms(1'763'700'000'000);
  opening.add(proto::RuleSetChange{rules});
  for (std::uint32_t i = 1; i <= 2; ++i) {
    opening.add(proto::NewDevice{proto::DeviceKey{i}, "default", "site1", "d" + std::to_string(i)});
    opening.add(proto::NewSeries{proto::SeriesId{i}, proto::DeviceKey{i}, "temperature", "Cel"});
  }
  opening.add(proto::DeviceTags{proto::DeviceKey{2}, {{"fw", "1"}}});

  ServiceBench service;
  service.start();
  service.take(opening);
  REQUIRE(service.store->rotate());
  proto::Batch later;
  later.id = 2;
  later.log_time = opening.log_time + Millis{1000};
  later.add(proto::RuleSetChange{rules});  // as a start of the service writes them
  service.take(later);
  proto::Batch hot;
  hot.id = 3;
  hot.log_time = later.log_time + Millis{1000};
  for (std::uint32_t i = 1; i <= 2; ++i) {
    proto::Reading reading{};
    reading.ts = hot.log_time;
    reading.number = 90;
    reading.series = proto::SeriesId{i};
    reading.type = proto::ValueType::number;
    reading.source = proto::TsSource::device;
    hot.readings.push_back(reading);
  }
  REQUIRE(test::eventually([&] { return log_files(service) == 1; }));
  service.state->save_checkpoint({{1, 1}, "no engine's state"});
  service.crash();
  service.start();
  service.take(hot);
  REQUIRE(service.log.count_containing("starts cold") == 1);
  const auto history = service.state->history();
  REQUIRE(history.size() == 1);
  CHECK(history[0].topic == "alerts/warning/site1/d2/too-hot/temperature");
}
