#pragma once

#include <memory>
#include <optional>
#include <string>

#include "alerting/pipeline.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"
#include "tests/alerting/recording_publisher.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::test {

/// A data folder with what runs over it: a real store, a real state.db and the alerting pipeline, as one process
/// would hold them. crash() ends that process without any farewell.
class ServiceBench {
 public:
  explicit ServiceBench(alerting::AlertingOptions given = {}) : options(given) {}

  void start() {
    store = std::make_unique<store::Store>(store_options(), clock, log, metrics);
    state = std::make_unique<store::StateDb>(folder.path() / "state.db");
    pipeline = std::make_unique<alerting::Pipeline>(options, *store, *state, publisher, clock, log, metrics);
  }
  /// With a broker that takes everything at once, until all is said.
  void start_connected() {
    publisher.at_once = true;
    start();
    publisher.connect();
    settle();
  }
  void crash() {
    pipeline.reset();
    state.reset();
    store.reset();
  }
  void append(const proto::Batch& batch) {
    auto copy = std::make_shared<proto::Batch>(batch);
    if (!store->append(std::move(copy))) throw std::runtime_error("append failed");
  }
  /// The process dies and comes back, and so does its connection.
  void restart_connected() {
    publisher.disconnect();
    crash();
    start_connected();
  }
  void take(const proto::Batch& batch) {
    append(batch);
    settle();
  }
  /// Until the log is read and nothing more can be sent.
  void settle() {
    while (pipeline->step(Millis{0})) {
    }
  }
  [[nodiscard]] store::StoreOptions store_options() const {
    store::StoreOptions store_options;
    store_options.path = folder.path();
    store_options.recent_hours = 0;
    return store_options;
  }

  alerting::AlertingOptions options;
  TemporaryFolder folder;
  SimulatedClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  RecordingPublisher publisher;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::StateDb> state;
  std::unique_ptr<alerting::Pipeline> pipeline;
};

}  // namespace telltale::test
