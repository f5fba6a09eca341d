#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "broker/ingest_session.hpp"
#include "ingest/options.hpp"
#include "proto/clock.hpp"
#include "proto/intake.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "proto/rule.hpp"
#include "store/store.hpp"

namespace telltale::ingest {

/// The write path: session items -> events -> batch -> log -> acknowledge.
/// A message is acknowledged only after the batch that holds it is on disk; acknowledgements keep arrival order.
/// Threads: start() runs the writer thread, which owns decoding and the log. push() comes from the session's io
///          thread; the other members from any thread.
/// Errors:  a full disk stops the writer (and through the window the reading) until space returns; nothing that was
///          not acknowledged is dropped. An I/O error that a new segment does not cure ends in `fatal`.
class Writer final : public proto::Intake {
 public:
  /// Towards the session; called on the writer thread.
  struct Session {
    std::function<void(std::uint32_t epoch)> epoch_logged;
    std::function<void(std::uint32_t epoch, std::size_t count)> acknowledge;
  };

  /// `next_deadline`: when something behind the log falls due though nothing arrives; asked a few times a second.
  Writer(WriterOptions options, store::Store& store, const Clock& clock, proto::Logger& log, proto::Metrics& metrics,
         std::function<std::optional<Timestamp>()> next_deadline);
  ~Writer() override;

  /// Logs `started` and the rule set, then takes items.
  void start(proto::RuleSet rules, Session session);
  void push(broker::SessionItem item);
  void post(proto::PostedTelemetry message, std::function<void(std::optional<proto::Receipt>)> done) override;
  /// New rules and mappings, atomically, as an event in the log.
  void reload(proto::RuleSet rules, proto::DecoderOptions decoder);
  void remove(proto::DevicesRemoved removal, std::function<void(std::optional<std::uint64_t>)> logged) override;
  /// One event in a batch of its own; `logged` is told that batch's number on the writer's thread, nothing when it
  /// could not be written, and is dropped untold when the writer has ended.
  void log_alone(proto::Event event, std::function<void(std::optional<std::uint64_t> sequence)> logged);
  /// A condition of the service itself, for the built-in alerts; logged when it changes.
  void report(proto::ServiceCondition condition);
  /// Takes what was pushed, commits, acknowledges, logs `stopped`, ends the thread. Waits for a log that cannot be
  /// written until `give_up` at most; what is not on disk then stays at the broker.
  void stop(std::chrono::steady_clock::time_point give_up);

  /// For /readyz: "" or what is wrong with writing.
  [[nodiscard]] std::string problem() const override;
  /// For a watchdog: grows several times a second, also while nothing arrives or the disk is full.
  [[nodiscard]] std::uint64_t turns() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::ingest
