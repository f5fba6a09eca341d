#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "alerting/checkpoint.hpp"
#include "analytics/engine.hpp"
#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "store/store.hpp"

namespace telltale::alerting {

/// Brings the log's batches to analytics, one after the other, from where the checkpoint stands.
/// Replay: the batches that were in the log when the service started; live: those that came since.
/// Cold start: without a usable checkpoint the engine begins with the first batch of the log; what existed before
/// that batch comes from the catalog.
/// Threads: alerting's. Errors: a place that the log does not hold is logged and starts cold.
class Feeder {
 public:
  Feeder(store::Store& store, Checkpoints& checkpoints, proto::Logger& log);

  /// The next batch, not processed yet; null after `timeout`. The same one again until process() was called.
  [[nodiscard]] const proto::Batch* next(Millis timeout);
  /// The next batch lies in another segment than the last one: time for a checkpoint.
  [[nodiscard]] bool at_new_segment() const noexcept;
  /// The engine was started cold with what next() gave: a checkpoint soon makes the start repeatable.
  [[nodiscard]] bool seeded() const noexcept { return seeded_; }
  /// Precondition: next() gave a batch.
  void process(std::vector<proto::Finding>& findings);

  [[nodiscard]] bool replaying() const noexcept { return replaying_; }
  [[nodiscard]] const analytics::Engine& engine() const noexcept { return engine_; }
  /// Of the last processed batch; sequence 0 before the first.
  [[nodiscard]] proto::LogPosition position() const noexcept { return position_; }

 private:
  void start_cold(const proto::Batch& first);

  store::Store& store_;
  proto::Logger& log_;
  analytics::Engine engine_;
  proto::LogPosition position_;
  std::shared_ptr<const proto::Batch> next_;
  bool replaying_ = true;
  bool cold_ = false;  // no batch was processed since a start without checkpoint
  bool seeded_ = false;
};

}  // namespace telltale::alerting
