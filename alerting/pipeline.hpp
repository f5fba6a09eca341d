#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "alerting/desk.hpp"
#include "alerting/mailbox.hpp"
#include "alerting/questions.hpp"

namespace telltale::alerting {

/// The alerting thread's work without the thread: feeder, outbox, delivery and checkpoint in their order.
/// Threads: step() and finish() from one; next_deadline() and processed_sequence() from any.
class Pipeline {
 public:
  Pipeline(AlertingOptions options, store::Store& store, store::StateDb& state, proto::Publisher& publisher,
           const Clock& clock, proto::Logger& log, proto::Metrics& metrics);
  ~Pipeline();

  void on_live(Alerting::Tell tell);
  /// Something for the next step. Any thread.
  void post(PublisherNews news);
  /// Something to ask the engine in the next step. Any thread.
  void ask(Questions::Question question);
  /// Handles what the publisher told and what was asked, at most one batch, and sends what may be sent. Waits up to
  /// `timeout` for a batch. False when there was neither batch nor anything else to do.
  bool step(Millis timeout);
  /// Processes everything that is committed and saves a checkpoint.
  void finish_log();
  /// Sends, waiting up to `timeout` for acknowledgements; true when nothing is left to send.
  bool drain(Millis timeout);

  [[nodiscard]] std::optional<Timestamp> next_deadline() const noexcept;
  [[nodiscard]] std::uint64_t processed_sequence() const noexcept;
  [[nodiscard]] Answers& answers() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::alerting
