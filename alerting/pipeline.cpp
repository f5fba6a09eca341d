#include "alerting/pipeline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "alerting/best_effort.hpp"
#include "alerting/checkpoint.hpp"
#include "alerting/delivery.hpp"
#include "alerting/feeder.hpp"
#include "alerting/gauges.hpp"
#include "alerting/listen.hpp"
#include "alerting/outbox.hpp"
#include "alerting/refusals.hpp"
#include "alerting/refused_orders.hpp"
#include "store/error.hpp"

namespace telltale::alerting {

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();
// While acknowledgements are under way their news must not wait long for the log.
constexpr Millis wait_while_busy{5};
constexpr Millis retry_of_failed_write{1000};
constexpr Millis history_sweep{3'600'000};
constexpr std::size_t rows_swept = 1000;  // at a time: a transaction of some milliseconds

proto::Tenancy tenancy_of(const AlertingOptions& options) {
  return options.multi_tenant ? proto::Tenancy::multi : proto::Tenancy::single;
}

/// Open before delivery looks whether there is a connection: one that is made in between is news then.
std::shared_ptr<Mailbox> open_mailbox(proto::Publisher& publisher, proto::Tenancy tenancy) {
  auto mailbox = std::make_shared<Mailbox>();
  listen(publisher, mailbox, tenancy);
  return mailbox;
}

/// telltale_processing_duration_seconds{stage}: how long one batch took.
class Stage {
 public:
  Stage(proto::Metrics& metrics, const Clock& clock, std::string name)
      : clock_(clock),
        histogram_(metrics.histogram("telltale_processing_duration_seconds", "Time one batch takes in a stage", bounds,
                                     {{"stage", std::move(name)}})) {}
  template <class Work>
  void time(Work&& work) {
    const auto start = clock_.steady_now();
    work();
    histogram_.observe(std::chrono::duration<double>(clock_.steady_now() - start).count());
  }

 private:
  static constexpr std::array bounds = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0};
  const Clock& clock_;
  proto::Histogram& histogram_;
};

}  // namespace

struct Pipeline::Impl {
  AlertingOptions options;
  store::Store& store;
  store::StateDb& state;
  proto::Publisher& publisher;
  const Clock& clock;
  proto::Logger& log;
  std::shared_ptr<Mailbox> mailbox;
  Checkpoints checkpoints;
  Feeder feeder;
  Outbox outbox;
  Delivery delivery;
  BestEffort best_effort;
  Refusals refusals;
  Answers answers;
  Questions questions;
  Gauges gauges;
  Stage analytics_stage, outbox_stage;
  Alerting::Tell tell_live;
  std::vector<proto::Finding> findings;
  std::optional<proto::LogPosition> unqueued;  // of findings that the outbox has not taken yet
  bool reached_end = false;
  steady_clock::time_point retry_at, sweep_at;
  std::atomic<std::int64_t> deadline_ms{no_deadline};
  std::atomic<std::uint64_t> processed{0};

  Impl(AlertingOptions given, store::Store& log_store, store::StateDb& state_db, proto::Publisher& mqtt,
       const Clock& time, proto::Logger& logger, proto::Metrics& metrics)
      : options(given),
        store(log_store),
        state(state_db),
        publisher(mqtt),
        clock(time),
        log(logger),
        mailbox(open_mailbox(publisher, tenancy_of(options))),
        checkpoints(store, state, log),
        feeder(store, checkpoints, log),
        outbox(state, tenancy_of(options), log, metrics),
        delivery(state, publisher, *mailbox, clock, log, options.publisher_window),
        best_effort(publisher, metrics),
        refusals(store.recovered().directory, best_effort, clock, tenancy_of(options), options.errors_per_second),
        gauges(metrics, clock),
        analytics_stage(metrics, clock, "analytics"),
        outbox_stage(metrics, clock, "outbox"),
        retry_at(clock.steady_now()),
        sweep_at(clock.steady_now()) {
    show_progress();
  }

  void show_progress();
  void queue_findings();
  bool write_waiting_findings();
  void check_emitted_upto();
  bool process_next(Millis timeout);
  void sweep_history();
};

void Pipeline::Impl::show_progress() {
  const auto deadline = feeder.engine().next_deadline();
  deadline_ms.store(deadline ? to_ms(*deadline) : no_deadline, std::memory_order_relaxed);
  processed.store(feeder.position().sequence, std::memory_order_release);
}

/// state.db may fail to answer here. The batch is processed by then and does not come again: its findings stay.
void Pipeline::Impl::queue_findings() {
  if (outbox.add(*unqueued, findings)) delivery.queued();
  unqueued.reset();
}

/// Findings that could not be queued (disk full) go before anything new is processed: none is lost.
bool Pipeline::Impl::write_waiting_findings() {
  if (unqueued) queue_findings();
  if (!outbox.pending()) return true;
  if (clock.steady_now() < retry_at) return false;
  retry_at = clock.steady_now() + retry_of_failed_write;
  if (outbox.flush()) delivery.queued();
  return !outbox.pending();
}

void Pipeline::Impl::sweep_history() {
  const auto now = clock.steady_now();
  if (now < sweep_at) return;
  sweep_at = now + history_sweep;
  if (state.forget_history(clock.now() - options.history_retention, rows_swept) == rows_swept) sweep_at = now;
}

/// At the end of the log, the first time: what was emitted must not lie beyond it.
void Pipeline::Impl::check_emitted_upto() {
  if (reached_end) return;
  const auto emitted = outbox.emitted_upto();
  if (emitted && emitted->position > feeder.position()) {
    log.error("alerting",
              "state.db has emitted findings of batches that the log does not hold; what comes now is emitted");
    outbox.rewind(feeder.position());
  }
  reached_end = true;
}

bool Pipeline::Impl::process_next(Millis timeout) {
  const proto::Batch* batch = feeder.next(timeout);
  if (batch == nullptr) {
    check_emitted_upto();
    return false;
  }
  if (feeder.at_new_segment()) checkpoints.save(feeder.engine(), feeder.position());
  const bool just_seeded = feeder.seeded();
  if (just_seeded) {
    outbox.start_over(*batch);
    if (outbox.pending()) return false;
    delivery.queued();
  }
  const bool replaying = feeder.replaying();
  refusals.learn(*batch);
  if (!replaying) refusals.report(*batch);
  const proto::LogPosition position = batch->position;
  findings.clear();
  answer_refused_orders(*batch, tenancy_of(options), findings);
  analytics_stage.time([&] { feeder.process(findings); });
  unqueued = position;
  outbox_stage.time([&] { queue_findings(); });
  for (const auto& finding : findings)
    if (const auto* reply = std::get_if<proto::ControlReply>(&finding)) answers.put(position.sequence, *reply);
  if (tell_live && !replaying) tell_live(*batch, findings);
  // Never ahead of the outbox: a checkpoint behind findings that wait would lose them.
  if (just_seeded && !outbox.pending()) checkpoints.save(feeder.engine(), feeder.position());
  delivery.pump();
  if (!replaying) {
    for (const auto& finding : findings) {
      if (const auto* window = std::get_if<proto::WindowAggregate>(&finding)) {
        best_effort.send(render(*window, tenancy_of(options)));
      } else if (const auto* rollup = std::get_if<proto::DeviceRollup>(&finding)) {
        best_effort.send(render(*rollup, tenancy_of(options)));
      }
    }
  }
  show_progress();
  return true;
}

Pipeline::Pipeline(AlertingOptions options, store::Store& store, store::StateDb& state, proto::Publisher& publisher,
                   const Clock& clock, proto::Logger& log, proto::Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, store, state, publisher, clock, log, metrics)) {}
Pipeline::~Pipeline() = default;

void Pipeline::on_live(Alerting::Tell tell) { impl_->tell_live = std::move(tell); }

void Pipeline::post(PublisherNews news) { impl_->mailbox->post(std::move(news)); }

void Pipeline::ask(Questions::Question question) { impl_->questions.post(std::move(question)); }

bool Pipeline::step(Millis timeout) {
  Impl& p = *impl_;
  p.questions.answer(p.feeder.replaying() ? nullptr : &p.feeder.engine());
  auto news = p.mailbox->take();
  const bool had_news = !news.empty();
  if (had_news) p.delivery.handle(std::move(news));
  p.delivery.pump();
  p.best_effort.pump();
  p.gauges.refresh_if_due(p.feeder.engine(), p.state);
  p.sweep_history();
  if (!p.write_waiting_findings()) {
    p.mailbox->wait(timeout);
    return had_news;
  }
  const Millis wait = had_news                                       ? Millis{0}
                      : p.delivery.busy() || p.best_effort.waiting() ? std::min(timeout, wait_while_busy)
                                                                     : timeout;
  return p.process_next(wait) || had_news;
}

void Pipeline::finish_log() {
  while (step(Millis{0})) {
  }
  if (!impl_->outbox.pending() && impl_->feeder.position().sequence != 0) {
    impl_->checkpoints.save(impl_->feeder.engine(), impl_->feeder.position());
  }
}

bool Pipeline::drain(Millis timeout) {
  Impl& p = *impl_;
  p.questions.answer(p.feeder.replaying() ? nullptr : &p.feeder.engine());
  p.delivery.handle(p.mailbox->take());
  p.delivery.pump();
  if (p.delivery.empty()) return true;
  p.mailbox->wait(timeout);
  return false;
}

std::optional<Timestamp> Pipeline::next_deadline() const noexcept {
  const std::int64_t ms = impl_->deadline_ms.load(std::memory_order_relaxed);
  if (ms == no_deadline) return std::nullopt;
  return from_ms(ms);
}

Answers& Pipeline::answers() noexcept { return impl_->answers; }

std::uint64_t Pipeline::processed_sequence() const noexcept { return impl_->processed.load(std::memory_order_acquire); }

}  // namespace telltale::alerting
