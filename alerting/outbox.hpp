#pragma once

#include <memory>
#include <optional>
#include <span>

#include "alerting/payload.hpp"
#include "proto/alert.hpp"
#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "store/state_db.hpp"

namespace telltale::alerting {

/// Makes what must reach the outside durable, exactly once: transitions, presence and replies of one batch go into
/// state.db in one transaction together with emitted_upto. Findings at or before emitted_upto were queued by an
/// earlier run over the same log and are passed over.
/// Threads: alerting's. Errors: a failed write keeps its change; flush() until pending() is false before the next
/// batch. Cost:    one sync for a batch that has such findings, nothing for others.
class Outbox {
 public:
  Outbox(store::StateDb& state, proto::Tenancy tenancy, proto::Logger& log, proto::Metrics& metrics);
  ~Outbox();

  /// Precondition: !pending(). True when something was queued.
  bool add(proto::LogPosition position, std::span<const proto::Finding> findings);
  [[nodiscard]] bool pending() const noexcept { return pending_.has_value(); }
  /// Tries again to write what could not be written.
  bool flush();

  [[nodiscard]] std::optional<store::FindingPosition> emitted_upto() const noexcept { return emitted_upto_; }
  /// Analytics starts cold with `first` and remembers no alert: those that are active end as `removed`, and what it
  /// says from `first` on counts as not emitted, but for transitions that the history has. Can be repeated.
  void start_over(const proto::Batch& first);
  /// The log does not reach to emitted_upto: findings count as emitted up to `end` only.
  void rewind(proto::LogPosition end);

 private:
  struct Counters;
  bool queue(const proto::Finding& finding, store::StateDb::Change& change);
  void queue(const proto::AlertTransition& alert, store::StateDb::Change& change);

  store::StateDb& state_;
  proto::Tenancy tenancy_;
  proto::Logger& log_;
  std::unique_ptr<Counters> counters_;
  std::optional<store::FindingPosition> emitted_upto_;
  std::optional<store::StateDb::Change> pending_;
  bool failing_ = false;
};

}  // namespace telltale::alerting
