#include "ingest/writer.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "tests/support/eventually.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using namespace std::chrono_literals;

namespace {

/// A writer on a real store, with a session that records what it is told.
struct Scene {
  explicit Scene(std::uint64_t rotate_readings = 4'000'000)
      : store({.path = folder.path() / "data", .rotate_readings = rotate_readings}, clock, log, metrics) {
    make_writer();
  }

  void make_writer() {
    ingest::WriterOptions options;
    options.filters = {"telemetry/#"};
    writer = std::make_unique<ingest::Writer>(options, store, clock, log, metrics, [this] {
      const std::lock_guard lock(mutex);
      return deadline;
    });
    writer->start({}, {.epoch_logged =
                           [this](std::uint32_t e) {
                             const std::lock_guard lock(mutex);
                             logged = e;
                           },
                       .acknowledge =
                           [this](std::uint32_t, std::size_t n) {
                             const std::lock_guard lock(mutex);
                             acknowledged += n;
                           }});
  }
  void connect(std::uint32_t epoch) {
    writer->push(broker::Connected{epoch, true});
    REQUIRE(test::eventually([&] {
      const std::lock_guard lock(mutex);
      return logged == epoch;
    }));
    writer->push(broker::CaughtUp{epoch});
  }
  void arrive(std::uint32_t epoch, const std::vector<std::pair<std::string, std::string>>& messages) {
    broker::Arrivals arrivals{epoch, clock.now(), {}, {}};
    for (const auto& [topic, payload] : messages) {
      auto slab = std::make_shared<std::vector<char>>(topic.begin(), topic.end());
      slab->insert(slab->end(), payload.begin(), payload.end());
      slab->push_back('\0');
      broker::InboundMessage m{};
      m.topic = {slab->data(), topic.size()};
      m.payload = slab->data() + topic.size();
      m.payload_size = m.original_size = static_cast<std::uint32_t>(payload.size());
      m.qos = 1;
      m.packet_id = ++packet_id;
      arrivals.messages.push_back(m);
      arrivals.slabs.push_back(std::move(slab));
    }
    writer->push(std::move(arrivals));
  }
  std::size_t acked() {
    const std::lock_guard lock(mutex);
    return acknowledged;
  }
  /// All batches so far.
  std::vector<std::shared_ptr<const proto::Batch>> batches() {
    std::vector<std::shared_ptr<const proto::Batch>> all;
    proto::LogPosition at{};
    while (auto next = store.next(at, 0ms).batch) {
      at = next->position;
      all.push_back(std::move(next));
    }
    return all;
  }
  template <class E>
  std::vector<std::pair<Timestamp, E>> events() {
    std::vector<std::pair<Timestamp, E>> found;
    for (const auto& b : batches()) {
      for (const auto& placed : b->events) {
        if (const auto* e = std::get_if<E>(&placed.event)) found.emplace_back(b->log_time, *e);
      }
    }
    return found;
  }

  test::TemporaryFolder folder;
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  store::Store store;
  std::mutex mutex;
  std::uint32_t logged = 0;
  std::size_t acknowledged = 0;
  std::optional<Timestamp> deadline;
  std::uint16_t packet_id = 0;
  std::unique_ptr<ingest::Writer> writer;
};

}  // namespace

TEST_CASE("a message is acknowledged only when its batch is on disk", "[ingest][lesson-01]") {
  Scene s;
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}});
  // The simulated clock stands still, so the batch delay does not pass and nothing may be acknowledged.
  CHECK_FALSE(test::eventually([&] { return s.acked() > 0; }, 300ms));
  s.clock.advance(20ms);
  REQUIRE(test::eventually([&] { return s.acked() == 1; }));
  std::size_t readings = 0;
  for (const auto& b : s.batches()) readings += b->readings.size();
  CHECK(readings == 1);
}

TEST_CASE("the epoch of a connection is in the log before the session may subscribe", "[ingest]") {
  Scene s;
  s.connect(1);
  const auto epochs = s.events<proto::SessionEpoch>();
  REQUIRE(epochs.size() == 1);
  CHECK(epochs[0].second.epoch == 1);
}

TEST_CASE("the balance of outcomes holds", "[ingest][lesson-04]") {
  Scene s;
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}, {"telemetry/s/d", "{"}, {"telemetry/s/d", ""}, {"nowhere", "1"}});
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    return s.acked() == 4;
  }));
  std::uint64_t sum = 0;
  for (const auto name : proto::outcome_names) {
    sum += s.metrics.value("telltale_messages_total{outcome=\"" + std::string(name) + "\"}");
  }
  CHECK(s.metrics.value("telltale_messages_received_total") == 4);
  CHECK(sum == 4);
  CHECK(s.metrics.gauge("telltale_messages_in_flight", "").value() == 0);
}

TEST_CASE("a clock step is one event, first in its batch", "[ingest]") {
  Scene s;
  s.connect(1);
  s.clock.step(1h);
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    return s.events<proto::ClockStep>().size() == 1;
  }));
  for (const auto& b : s.batches()) {
    for (std::size_t i = 1; i < b->events.size(); ++i) {
      CHECK_FALSE(std::holds_alternative<proto::ClockStep>(b->events[i].event));
    }
  }
  const auto step = s.events<proto::ClockStep>()[0].second;
  CHECK(step.to - step.from >= 1h);
}

TEST_CASE("time in which the service stood still is a pause in the log, not silence", "[ingest][lesson-24]") {
  Scene s;
  s.connect(1);
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    return s.events<proto::Link>().size() >= 3;
  }));
  const auto before = s.clock.now();
  s.clock.advance(10min);
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    const auto links = s.events<proto::Link>();
    return !links.empty() && links.back().second.state == proto::LinkState::resumed;
  }));
  const auto links = s.events<proto::Link>();
  const auto& paused = links[links.size() - 2];
  CHECK(paused.second.state == proto::LinkState::paused);
  CHECK(paused.first <= before);
  CHECK(links.back().first >= before + 10min);
}

TEST_CASE("when nothing arrives a due deadline makes an empty batch, at most one a second", "[ingest]") {
  Scene s;
  s.connect(1);
  s.clock.advance(20ms);
  REQUIRE(test::eventually([&] { return s.events<proto::Link>().size() >= 3; }));
  const auto before = s.batches().size();
  {
    const std::lock_guard lock(s.mutex);
    s.deadline = s.clock.now() + 500ms;
  }
  CHECK_FALSE(test::eventually([&] { return s.batches().size() > before; }, 300ms));
  s.clock.advance(1500ms);
  REQUIRE(test::eventually([&] { return s.batches().size() == before + 1; }));
  CHECK(s.batches().back()->empty());
  CHECK_FALSE(test::eventually([&] { return s.batches().size() > before + 1; }, 300ms));
}

TEST_CASE("a stop commits and acknowledges what was taken, and says so in the log", "[ingest][lesson-10]") {
  Scene s;
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}, {"telemetry/s/d", R"({"a":2})"}});
  s.writer->stop(std::chrono::steady_clock::now() + 10s);
  CHECK(s.acked() == 2);
  const auto links = s.events<proto::Link>();
  REQUIRE_FALSE(links.empty());
  CHECK(links.back().second.state == proto::LinkState::stopped);
}

TEST_CASE("new rules and the first segment's redelivery table are in the log", "[ingest][lesson-30]") {
  Scene s;
  s.connect(1);
  proto::RuleSet rules;
  rules.default_heartbeat_s = 7;
  s.writer->reload(rules, {});
  REQUIRE(test::eventually([&] { return s.events<proto::RuleSetChange>().size() == 2; }));
  CHECK(s.events<proto::RuleSetChange>()[1].second.rules.default_heartbeat_s == 7);
  CHECK(s.events<proto::RedeliveryTable>().size() == 1);
}

TEST_CASE("a new segment gets its redelivery table though nothing arrives any more", "[ingest][lesson-19]") {
  Scene s{1};
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}});
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    return s.acked() == 1;
  }));
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);
    return s.events<proto::RedeliveryTable>().size() == 2;
  }));
  const auto tables = s.events<proto::RedeliveryTable>();
  REQUIRE(tables.back().second.records.size() == 1);
  CHECK(tables.back().second.records[0].packet_id == 1);
}

TEST_CASE("a condition that was active in the run before ends when the service starts well", "[ingest]") {
  Scene s;
  s.connect(1);
  std::map<std::string, bool> told;
  for (const auto& [at, condition] : s.events<proto::ServiceCondition>()) told[condition.rule] = condition.active;
  CHECK(told.at("config-error") == false);
  CHECK(told.at("series-limit") == false);
  CHECK(told.at("log-damage") == false);

  s.writer->report({"config-error", false, "still good"});
  s.writer->report({"config-error", true, "line 3"});
  s.writer->report({"config-error", true, "line 3"});
  s.writer->stop(std::chrono::steady_clock::now() + 10s);
  std::vector<bool> config_errors;
  for (const auto& [at, condition] : s.events<proto::ServiceCondition>()) {
    if (condition.rule == "config-error") config_errors.push_back(condition.active);
  }
  CHECK(config_errors == std::vector<bool>{false, true});
}

TEST_CASE("an order of our own is alone in its batch, and whoever gave it is told the batch's number", "[ingest]") {
  Scene s;
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}});
  std::mutex mutex;
  std::vector<std::uint64_t> numbers;
  for (const char* name : {"first", "second"}) {
    proto::SilenceOrder order;
    order.name = name;
    s.writer->log_alone(order, [&](std::optional<std::uint64_t> sequence) {
      const std::lock_guard lock(mutex);
      numbers.push_back(sequence.value_or(0));
    });
  }
  REQUIRE(test::eventually([&] {
    const std::lock_guard lock(mutex);
    return numbers.size() == 2;
  }));
  CHECK(s.acked() == 1);  // what was open before went first
  std::vector<std::string> found;
  for (const auto& batch : s.batches()) {
    for (const auto& placed : batch->events) {
      const auto* order = std::get_if<proto::SilenceOrder>(&placed.event);
      if (order == nullptr) continue;
      CHECK(batch->position.sequence == numbers.at(found.size()));
      CHECK(batch->readings.empty());
      found.push_back(order->name);
    }
  }
  CHECK(found == std::vector<std::string>{"first", "second"});
}

namespace {

/// What a sender is told.
struct Told {
  std::mutex mutex;
  std::vector<std::optional<proto::Receipt>> receipts;

  auto teller() {
    return [this](std::optional<proto::Receipt> receipt) {
      const std::lock_guard lock(mutex);
      receipts.push_back(std::move(receipt));
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return receipts.size();
  }
};

proto::PostedTelemetry posted(std::string payload) { return {"default", "s", "d", std::move(payload)}; }

}  // namespace

TEST_CASE("a posted message is answered only when its batch is on disk", "[ingest][lesson-01]") {
  Told told;  // outlives the writer
  Scene s;
  s.writer->post(posted(R"([{"a":1},{"a":2,"b":null,"c":[1]}])"), told.teller());
  CHECK_FALSE(test::eventually([&] { return told.count() > 0; }, 300ms));
  s.clock.advance(20ms);
  REQUIRE(test::eventually([&] { return told.count() == 1; }));
  REQUIRE(told.receipts[0]);
  CHECK(told.receipts[0]->outcome == proto::Outcome::stored);
  CHECK(told.receipts[0]->accepted == 2);
  CHECK(told.receipts[0]->rejected == 1);  // the array; null is no reading
  std::size_t readings = 0;
  for (const auto& b : s.batches()) readings += b->readings.size();
  CHECK(readings == 2);
}

TEST_CASE("posted messages are no backlog, and keep the balance and the order of acknowledgements", "[ingest]") {
  Told told;  // outlives the writer
  Scene s;
  s.writer->post(posted(R"({"a":1})"), told.teller());  // there was no connection yet
  s.writer->post(posted("{"), told.teller());
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":2})"}});
  s.writer->post(posted(R"({"a":3})"), told.teller());
  REQUIRE(test::eventually([&] {
    s.clock.advance(20ms);  // from whenever the batch was opened
    return told.count() == 3 && s.acked() == 1;
  }));
  CHECK(told.receipts[1]->outcome == proto::Outcome::dead_letter);
  CHECK(told.receipts[1]->reason == proto::DeadLetterReason::bad_json);
  const auto letters = s.events<proto::DeadLetter>();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].second.topic == "telemetry/s/d");
  CHECK(letters[0].second.payload == "{");
  for (const auto& b : s.batches())
    for (const auto& r : b->readings) CHECK(r.source == proto::TsSource::receive);
  CHECK(s.metrics.value("telltale_messages_received_total") == 4);
  CHECK(s.metrics.value("telltale_messages_total{outcome=\"stored\"}") == 3);
  CHECK(s.metrics.value("telltale_messages_total{outcome=\"dead_letter\"}") == 1);
}

TEST_CASE("while the log stands still what is posted is refused before it fills the memory", "[ingest]") {
  Told told;  // outlives the writer
  Scene s;
  ingest::Writer still({}, s.store, s.clock, s.log, s.metrics, {});  // not started: takes nothing
  const std::string megabyte(1 << 20, ' ');
  for (int i = 0; i < 15; ++i) still.post(posted(megabyte), told.teller());
  CHECK(told.count() == 0);
  still.post(posted(megabyte), told.teller());
  REQUIRE(told.count() == 1);
  CHECK_FALSE(told.receipts[0]);
  CHECK(s.metrics.value("telltale_messages_received_total") == 15);  // what was refused never was a message
}

TEST_CASE("what was posted and taken makes room for more", "[ingest]") {
  Told told;  // outlives the writer
  Scene s;
  const std::string megabyte(1 << 20, ' ');
  std::size_t taken = 0;
  for (int i = 0; i < 40; ++i) {
    s.writer->post(posted(megabyte), told.teller());
    ++taken;
    REQUIRE(test::eventually([&] {
      s.clock.advance(20ms);
      return told.count() == taken;
    }));
  }
  for (const auto& receipt : told.receipts) CHECK(receipt);
}

TEST_CASE("a removal is answered when it is in the log", "[ingest]") {
  Scene s;
  s.connect(1);
  s.arrive(1, {{"telemetry/s/d", R"({"a":1})"}});
  std::optional<std::uint64_t> number;
  proto::DevicesRemoved removal;
  removal.tenant = "default";
  removal.site = "s";
  removal.device = "d";
  s.writer->remove(removal, [&](std::optional<std::uint64_t> sequence) {
    const std::lock_guard lock(s.mutex);
    number = sequence;
  });
  REQUIRE(test::eventually([&] {
    const std::lock_guard lock(s.mutex);
    return number.has_value();
  }));
  const auto all = s.batches();
  REQUIRE(all.back()->position.sequence == *number);
  CHECK(s.events<proto::DevicesRemoved>().at(0).second.devices.size() == 1);
}
