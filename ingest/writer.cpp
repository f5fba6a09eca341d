#include "ingest/writer.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <variant>
#include <vector>

#include "ingest/log_clock.hpp"
#include "ingest/message_taker.hpp"
#include "ingest/open_batch.hpp"

namespace telltale::ingest {

namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Longer than this between two turns of the loop: we were stopped or stalled, and have not been listening.
constexpr auto stall = 3s;
constexpr auto longest_wait = 100ms;
constexpr auto retry_wait = 200ms;
constexpr auto tick_spacing = 1s;
constexpr auto limit_alert_holds = 10min;

struct Reload {
  proto::RuleSet rules;
  proto::DecoderOptions decoder;
};
struct Alone {
  proto::Event event;
  std::function<void(std::optional<std::uint64_t>)> logged;
};
struct Removal {
  proto::DevicesRemoved removal;
  std::function<void(std::optional<std::uint64_t>)> logged;
};
struct Posted {
  proto::PostedTelemetry message;
  Timestamp received;
  std::function<void(std::optional<proto::Receipt>)> done;
};
struct Stop {};
using Command = std::variant<broker::SessionItem, Reload, proto::ServiceCondition, Removal, Alone, Posted, Stop>;

}  // namespace

struct Writer::Impl {
  Impl(WriterOptions o, store::Store& s, const Clock& c, proto::Logger& l, proto::Metrics& m,
       std::function<std::optional<Timestamp>()> deadline)
      : options(std::move(o)),
        store(s),
        clock(c),
        log(l),
        next_deadline(std::move(deadline)),
        log_clock(c, s.recovered().last_log_time),
        taker(options, s.recovered().directory, s.recovered().redelivery, m),
        epoch_base(s.recovered().last_epoch),
        batch_ids(static_cast<std::uint64_t>(c.now().time_since_epoch().count()) ^
                  (std::uint64_t{std::random_device{}()} << 32)),
        metrics(m),
        received(m.counter("telltale_messages_received_total", "Messages received, QoS 0 included.")),
        in_flight(m.gauge("telltale_messages_in_flight", "Messages received that have no outcome yet.")),
        sync_seconds(m.histogram("telltale_processing_duration_seconds", "Time spent, by stage.", duration_bounds,
                                 {{"stage", "sync"}})),
        lag_seconds(m.histogram("telltale_ingest_lag_seconds", "From receipt of a batch's oldest message to disk.",
                                duration_bounds)) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i] = &m.counter("telltale_messages_total", "What became of the messages.",
                               {{"outcome", std::string(proto::outcome_names[i])}});
    }
  }

  // --- the writer thread -------------------------------------------------------------------------------------------

  void run() {
    alive = clock.steady_now();
    while (!stopping) {
      turns.fetch_add(1, std::memory_order_relaxed);
      wait_for_commands();
      notice_stall();
      for (auto& command : std::exchange(pending, {})) {
        std::visit([this](auto& c) { handle(c); }, command);
      }
      notice_limits();
      notice_clock_step();
      tick_if_due();
      // Not with the next message, which may be far away: the old segments go, and with them the table.
      if (table_due) ensure_open();
      if (open.batch && clock.steady_now() - open.opened >= options.batch_delay) commit();
    }
    commit();
    ensure_open().add(proto::Link{proto::LinkState::stopped});
    commit();
  }

  void wait_for_commands() {
    auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(longest_wait);
    if (open.batch) {
      wait = std::clamp(std::chrono::nanoseconds(open.opened + options.batch_delay - clock.steady_now()),
                        std::chrono::nanoseconds(0), wait);
    }
    std::unique_lock lock(mutex);
    arrived.wait_for(lock, wait, [this] { return !queue.empty(); });
    pending.swap(queue);
  }

  /// Silence during a stop of the whole process, or of its disk, says nothing about devices.
  void notice_stall() {
    const auto now = clock.steady_now();
    const auto still = now - std::exchange(alive, now);
    if (still <= stall || !last_log_time) return;
    log.warn("ingest", "the service stood still for " +
                           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(still).count()) +
                           " s; silence in that time is not judged");
    mark_pause();
  }

  /// `paused` carries the last time at which we listened, `resumed` the present.
  void mark_pause() {
    commit();
    open_at(*last_log_time).add(proto::Link{proto::LinkState::paused});
    commit();
    ensure_open().add(proto::Link{proto::LinkState::resumed});
    alive = clock.steady_now();
  }

  void notice_limits() {
    const auto now = clock.steady_now();
    if (taker.take_limit_hit()) {
      limit_alert_until = now + limit_alert_holds;
      condition({"series-limit", true, "new series or devices are refused: the configured limit is reached"});
    } else if (limit_alert_until && now >= *limit_alert_until) {
      limit_alert_until.reset();
      condition({"series-limit", false, "no series was refused for 10 minutes"});
    }
    if (now - disk_checked >= 5s) {
      disk_checked = now;
      const bool low = store.disk_low();
      condition(
          {"disk-low", low, low ? "little disk space left: ingest stops when it is used up" : "disk space is back"});
      notice_damage();
    }
  }

  void notice_damage() {
    const auto damaged = store.recovered().damaged_records + store.damaged();
    condition({"log-damage", damaged > 0, std::to_string(damaged) + " damaged places of the data were set aside"});
  }

  void notice_clock_step() {
    (void)log_clock.now();
    if (!log_clock.step_pending()) return;
    commit();
    log.warn("ingest", "the wall clock was stepped; stamps follow it, durations do not");
    ensure_open();
  }

  void tick_if_due() {
    const auto now = clock.steady_now();
    if (open.batch || now - ticked < tick_spacing) return;
    const auto due = next_deadline ? next_deadline() : std::nullopt;
    if (!due || *due > log_clock.now()) return;
    ticked = now;
    ensure_open();
    commit();
  }

  proto::Batch& ensure_open() {
    if (open.batch) return *open.batch;
    const auto now = log_clock.now();
    return open_at(now, log_clock.take_step());
  }

  std::shared_ptr<proto::Batch> open_now() {
    ensure_open();
    return open.batch;
  }

  proto::Batch& open_at(Timestamp log_time, std::optional<proto::ClockStep> step = std::nullopt) {
    open = OpenBatch{};
    open.batch = std::make_shared<proto::Batch>();
    open.batch->id = batch_ids();
    open.batch->log_time = log_time;
    open.opened = clock.steady_now();
    if (step) open.batch->add(*step);
    if (std::exchange(table_due, false)) {
      open.batch->add(taker.redelivery_table());
      starts_segment = true;
    }
    return *open.batch;
  }

  void commit() {
    if (!open.batch) return;
    auto done = std::exchange(open, OpenBatch{});
    // Behind a batch that was given up nothing may be written: acknowledgements are counted in arrival order, so
    // those of a later batch would go to the messages of the lost one.
    if (abandoned) return done.answer_posted(false);
    const auto begin = clock.steady_now();
    if (!append(done.batch)) {
      abandoned = true;
      return done.answer_posted(false);
    }
    last_log_time = done.batch->log_time;
    // A segment that was begun because the old one could not be synced has no table yet.
    const auto generation = done.batch->position.generation;
    if (std::exchange(last_generation, generation) != generation && !starts_segment) table_due = true;
    starts_segment = false;
    const auto end = clock.steady_now();
    sync_seconds.observe(std::chrono::duration<double>(end - begin).count());
    if (done.messages) {
      lag_seconds.observe(std::chrono::duration<double>(clock.now() - done.oldest_received).count());
    }
    for (const auto& run : done.to_acknowledge) session.acknowledge(run.session_epoch, run.count);
    done.answer_posted(true);
    count_outcomes(done);
    if (store.rotation_due()) {
      if (store.rotate()) {
        table_due = true;
        rotation_failed = false;
      } else if (!std::exchange(rotation_failed, true)) {
        log.error("ingest", "could not start a new log segment; writing goes on in the old one");
      }
    }
    if (end - begin > stall) mark_pause();
  }

  // received = outcomes + in flight holds in every scrape.
  void count_arrival(std::size_t messages) {
    const auto moment = metrics.together();
    received.add(messages);
    in_flight.add(static_cast<double>(messages));
  }
  void count_outcomes(const OpenBatch& done) {
    const auto moment = metrics.together();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (done.outcomes[i]) outcomes[i]->add(done.outcomes[i]);
    }
    in_flight.add(-static_cast<double>(done.messages));
  }

  /// Until it is on disk, or the service is stopping and will not wait for space any longer.
  bool append(const std::shared_ptr<proto::Batch>& batch) {
    while (true) {
      turns.fetch_add(1, std::memory_order_relaxed);
      const auto result = store.append(batch);
      if (result) {
        set_problem("");
        return true;
      }
      set_problem(result.error() == store::StoreError::disk_full ? "disk full" : "log cannot be written");
      std::unique_lock lock(mutex);
      if (give_up && std::chrono::steady_clock::now() >= *give_up) {
        log.error("ingest", "stopping although the log cannot be written; unacknowledged messages stay at the broker");
        return false;
      }
      arrived.wait_for(lock, retry_wait, [] { return false; });
    }
  }

  // --- commands ----------------------------------------------------------------------------------------------------

  void handle(broker::SessionItem& item) {
    std::visit([this](auto& i) { handle(i); }, item);
  }

  void handle(broker::Arrivals& arrivals) {
    for (const auto& message : arrivals.messages) {
      auto& batch = ensure_open();
      if (open.messages == 0) open.oldest_received = arrivals.received;
      const auto outcome = taker.take(message, arrivals.received, batch);
      open.count(arrivals.epoch, outcome);
      commit_if_full();
    }
    alive = clock.steady_now();
  }

  void handle(Posted& posted) {
    {
      const std::lock_guard lock(mutex);
      posted_bytes -= cost(posted.message);
    }
    auto& batch = ensure_open();
    if (open.messages == 0) open.oldest_received = posted.received;
    open.count(
        OpenBatch::Posted{taker.take(std::move(posted.message), posted.received, batch), std::move(posted.done)});
    commit_if_full();
    alive = clock.steady_now();
  }

  void commit_if_full() {
    const auto& batch = *open.batch;
    if (batch.readings.size() >= options.batch_readings || open.messages >= options.batch_messages ||
        batch.text.size() >= max_text_bytes) {
      commit();
    }
  }

  void handle(broker::Connected& connected) {
    commit();
    const auto epoch = epoch_base + connected.epoch;
    taker.connected(epoch, connected.session_present);
    ensure_open().add(proto::SessionEpoch{epoch, connected.session_present});
    open.batch->add(proto::Link{proto::LinkState::up});
    commit();
    session.epoch_logged(connected.epoch);
  }

  void handle(broker::Disconnected&) {
    taker.caught_up(false);
    ensure_open().add(proto::Link{proto::LinkState::down});
    commit();
  }

  void handle(broker::CaughtUp&) {
    taker.caught_up(true);
    ensure_open().add(proto::Link{proto::LinkState::caught_up});
    commit();
  }

  void handle(broker::RankedFilters& ranked) { taker.use_filters(std::move(ranked.filters)); }

  void handle(Reload& reload) {
    taker.use(std::move(reload.decoder));
    ensure_open().add(proto::RuleSetChange{std::move(reload.rules)});
    commit();
  }

  void handle(Removal& asked) {
    const auto batch = open_now();
    taker.remove(std::move(asked.removal), *batch);
    commit();
    asked.logged(abandoned ? std::nullopt : std::optional(batch->position.sequence));
  }

  void handle(Alone& alone) {
    commit();
    const auto batch = open_now();
    batch->add(std::move(alone.event));
    commit();
    alone.logged(abandoned ? std::nullopt : std::optional(batch->position.sequence));
  }

  void handle(proto::ServiceCondition& c) { condition(std::move(c)); }
  void handle(Stop&) { stopping = true; }

  void condition(proto::ServiceCondition c) {
    // What was never reported in this run may still be active from the run before.
    const auto [known, first] = conditions.try_emplace(c.rule, c.active);
    if (!first && known->second == c.active) return;
    known->second = c.active;
    ensure_open().add(std::move(c));
  }

  void set_problem(std::string text) {
    const std::lock_guard lock(mutex);
    problem = std::move(text);
  }

  static std::size_t cost(const proto::PostedTelemetry& message) { return message.payload.size() + 512; }

  /// False when so much waits that the log must be standing still.
  bool room_for(const proto::PostedTelemetry& message) {
    const std::lock_guard lock(mutex);
    if (posted_bytes + cost(message) > max_posted_bytes) return false;
    posted_bytes += cost(message);
    return true;
  }

  void enqueue(Command command) {
    {
      const std::lock_guard lock(mutex);
      queue.push_back(std::move(command));
    }
    arrived.notify_one();
  }

  static constexpr std::size_t max_text_bytes = 16u << 20;
  static constexpr std::size_t max_posted_bytes = 16u << 20;
  static constexpr double duration_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05,
                                               0.08,  0.12,   0.2,   0.5,  1,    5,    30};

  WriterOptions options;
  store::Store& store;
  const Clock& clock;
  proto::Logger& log;
  std::function<std::optional<Timestamp>()> next_deadline;
  LogClock log_clock;
  MessageTaker taker;
  Session session;
  std::uint32_t epoch_base;
  std::mt19937_64 batch_ids;

  OpenBatch open;
  std::vector<Command> pending;
  std::map<std::string, bool> conditions;
  std::optional<Timestamp> last_log_time;
  SteadyTime alive{}, ticked{}, disk_checked{};
  std::optional<SteadyTime> limit_alert_until;
  bool abandoned = false;  // a batch was given up at stop
  bool table_due = true;
  bool starts_segment = false;  // the open batch has the table
  std::uint64_t last_generation = 0;
  bool rotation_failed = false;
  bool stopping = false;
  std::atomic<std::uint64_t> turns = 0;

  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Command> queue;    // bounded by the session's unacknowledged window and by max_posted_bytes
  std::size_t posted_bytes = 0;  // in `queue` and `pending`
  std::string problem;
  std::optional<SteadyTime> give_up;  // stop was asked: when to stop waiting for a log that cannot be written

  proto::Metrics& metrics;
  proto::Counter& received;
  proto::Gauge& in_flight;
  proto::Histogram& sync_seconds;
  proto::Histogram& lag_seconds;
  std::array<proto::Counter*, proto::outcome_count> outcomes{};
  std::jthread thread;
};

Writer::Writer(WriterOptions options, store::Store& store, const Clock& clock, proto::Logger& log,
               proto::Metrics& metrics, std::function<std::optional<Timestamp>()> next_deadline)
    : impl_(std::make_unique<Impl>(std::move(options), store, clock, log, metrics, std::move(next_deadline))) {}

Writer::~Writer() { stop(std::chrono::steady_clock::now()); }

void Writer::start(proto::RuleSet rules, Session session) {
  auto& self = *impl_;
  self.session = std::move(session);
  auto& batch = self.ensure_open();
  batch.add(proto::Link{proto::LinkState::started});
  batch.add(proto::RuleSetChange{std::move(rules)});
  self.notice_damage();
  self.condition({"series-limit", false, "started anew"});
  self.condition({"config-error", false, "the configuration is good"});
  self.thread = std::jthread([&self] {
    self.commit();
    self.run();
  });
}

void Writer::push(broker::SessionItem item) {
  if (const auto* arrivals = std::get_if<broker::Arrivals>(&item)) {
    impl_->count_arrival(arrivals->messages.size());
  }
  impl_->enqueue(std::move(item));
}

void Writer::post(proto::PostedTelemetry message, std::function<void(std::optional<proto::Receipt>)> done) {
  if (!impl_->room_for(message)) return done(std::nullopt);
  impl_->count_arrival(1);
  impl_->enqueue(Posted{std::move(message), impl_->clock.now(), std::move(done)});
}

void Writer::reload(proto::RuleSet rules, proto::DecoderOptions decoder) {
  impl_->enqueue(Reload{std::move(rules), std::move(decoder)});
}

void Writer::remove(proto::DevicesRemoved removal, std::function<void(std::optional<std::uint64_t>)> logged) {
  impl_->enqueue(Removal{std::move(removal), std::move(logged)});
}

void Writer::log_alone(proto::Event event, std::function<void(std::optional<std::uint64_t>)> logged) {
  impl_->enqueue(Alone{std::move(event), std::move(logged)});
}

void Writer::report(proto::ServiceCondition condition) { impl_->enqueue(std::move(condition)); }

void Writer::stop(std::chrono::steady_clock::time_point give_up) {
  if (!impl_->thread.joinable()) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->give_up = give_up;
  }
  impl_->enqueue(Stop{});
  impl_->thread.join();
}

std::uint64_t Writer::turns() const { return impl_->turns.load(std::memory_order_relaxed); }

std::string Writer::problem() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->problem;
}

}  // namespace telltale::ingest
