#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "alerting/answers.hpp"
#include "analytics/engine.hpp"
#include "proto/clock.hpp"
#include "proto/device_configs.hpp"
#include "proto/expected_hours.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "proto/publisher.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"

namespace telltale::alerting {

struct AlertingOptions {
  bool multi_tenant = false;
  std::size_t publisher_window = 200;  // alert events sent and not yet acknowledged by the broker
  std::size_t errors_per_second = 10;  // errors/… topics, all devices together
  Millis history_retention{std::int64_t{3650} * 24 * 3600 * 1000};  // of alerts that are over
};

/// Behind the log: feeds committed batches to analytics, keeps the outbox, delivers derived messages.
/// Exactly once behind the log (design 2): findings go to the outbox with their position in one transaction;
/// a restart loads the checkpoint, replays the log and emits nothing up to emitted_upto.
/// Threads: start() runs an own thread, which owns the engine and state.db. The publisher's handlers only post to it.
class Alerting final : public proto::Expectations {
 public:
  Alerting(AlertingOptions options, store::Store& store, store::StateDb& state, proto::Publisher& publisher,
           const Clock& clock, proto::Logger& log, proto::Metrics& metrics);
  ~Alerting() override;

  void start();
  /// Processes everything that is committed, saves a checkpoint, gives the outbox `grace` to empty, and ends the
  /// thread.
  void stop(Millis grace);

  /// `tell` gets every batch that comes after the start, with what analytics said of it, behind the outbox, on the
  /// alerting thread. Before start().
  using Tell = std::function<void(const proto::Batch&, std::span<const proto::Finding>)>;
  void on_live(Tell tell);

  /// For the writer's ticks: when something will happen though nothing arrives. Any thread.
  [[nodiscard]] std::optional<Timestamp> next_deadline() const;
  /// The newest position that has been processed. Any thread.
  [[nodiscard]] std::uint64_t processed_sequence() const;
  /// As DeviceConfigs::retain, but for the order of versions. Any thread; does not block.
  void retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told);
  /// A small durable fact of state.db, written soon: `value` is asked then, `lost` called when it cannot be written,
  /// both on the alerting thread. Any thread; does not block.
  void note_fact(std::string key, std::function<std::string()> value, std::function<void()> lost);
  /// Asked of the engine between two batches, told on the alerting thread (at once, and nothing, when too many wait).
  /// Any thread; does not block.
  void expected(proto::SeriesId series, Told told) override;
  /// Of orders that were logged; for OperatorDesk. Any thread.
  [[nodiscard]] Answers& answers();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::alerting
