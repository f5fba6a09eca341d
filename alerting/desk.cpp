#include "alerting/desk.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "alerting/pipeline.hpp"
#include "store/error.hpp"

namespace telltale::alerting {

namespace {
constexpr Millis idle_wait{50};
constexpr Millis drain_wait{5};
constexpr Millis wait_after_failure{1000};
}  // namespace

struct Alerting::Impl {
  const Clock& clock;
  proto::Logger& log;
  Pipeline pipeline;
  std::atomic<std::int64_t> grace_ms{-1};  // of stop()
  bool failing = false;
  std::mutex retry_mutex;
  std::condition_variable_any retry;  // only ever told to stop
  std::jthread thread;                // last: ends before the rest goes

  Impl(AlertingOptions options, store::Store& store, store::StateDb& state, proto::Publisher& publisher,
       const Clock& time, proto::Logger& logger, proto::Metrics& metrics)
      : clock(time), log(logger), pipeline(options, store, state, publisher, time, logger, metrics) {}

  void run(const std::stop_token& ending);
  void step(const std::stop_token& ending);
  void finish(Millis grace);
};

void Alerting::Impl::run(const std::stop_token& ending) {
  while (!ending.stop_requested()) step(ending);
  const std::int64_t grace = grace_ms.load();
  if (grace >= 0) finish(Millis{grace});
}

/// state.db may be unusable for a while (disk full): everything it does not hold yet is kept and done again.
void Alerting::Impl::step(const std::stop_token& ending) {
  try {
    pipeline.step(idle_wait);
    failing = false;
  } catch (const store::StoreFailure& failure) {
    if (!std::exchange(failing, true)) log.error("alerting", failure.what());
    std::unique_lock lock(retry_mutex);
    retry.wait_for(lock, ending, wait_after_failure, [] { return false; });
  }
}

void Alerting::Impl::finish(Millis grace) {
  try {
    pipeline.finish_log();
    const auto until = clock.steady_now() + grace;
    while (!pipeline.drain(drain_wait) && clock.steady_now() < until) {
    }
  } catch (const store::StoreFailure& failure) {
    log.error("alerting", std::string("stopped without a checkpoint: ") + failure.what());
  }
}

Alerting::Alerting(AlertingOptions options, store::Store& store, store::StateDb& state, proto::Publisher& publisher,
                   const Clock& clock, proto::Logger& log, proto::Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, store, state, publisher, clock, log, metrics)) {}
Alerting::~Alerting() = default;

void Alerting::start() {
  impl_->thread = std::jthread([this](const std::stop_token& ending) { impl_->run(ending); });
}

void Alerting::stop(Millis grace) {
  impl_->grace_ms = grace.count();
  impl_->thread.request_stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Alerting::on_live(Tell tell) { impl_->pipeline.on_live(std::move(tell)); }

std::optional<Timestamp> Alerting::next_deadline() const { return impl_->pipeline.next_deadline(); }

void Alerting::retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told) {
  impl_->pipeline.post(Retain{std::move(change), std::move(told)});
}

void Alerting::note_fact(std::string key, std::function<std::string()> value, std::function<void()> lost) {
  impl_->pipeline.post(NoteFact{std::move(key), std::move(value), std::move(lost)});
}

void Alerting::expected(proto::SeriesId series, Told told) {
  impl_->pipeline.ask([series, told = std::move(told)](const analytics::Engine* engine) {
    told(engine == nullptr ? std::nullopt : std::optional(engine->expected(series)));
  });
}

Answers& Alerting::answers() { return impl_->pipeline.answers(); }

std::uint64_t Alerting::processed_sequence() const { return impl_->pipeline.processed_sequence(); }

}  // namespace telltale::alerting
