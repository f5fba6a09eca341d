#include "analytics/engine.hpp"

#include <string>
#include <utility>

#include "analytics/alert_book.hpp"
#include "analytics/reading_gate.hpp"
#include "analytics/rule_runner.hpp"
#include "analytics/series_groups.hpp"
#include "analytics/service_alerts.hpp"
#include "analytics/silences.hpp"
#include "analytics/watchdog.hpp"
#include "analytics/windows.hpp"
#include "analytics/workspace.hpp"

namespace telltale::analytics {

namespace {
constexpr std::uint32_t state_magic = 0x37615454;  // "TTa7": the last digit is the version
constexpr unsigned oldest_version = 3;
}  // namespace

struct Engine::Impl {
  Workspace ws;
  Silences silences{ws};
  AlertBook book{ws, silences, [this](const std::vector<Returning>& alerts) {
                   watchdog.returning(alerts);
                   groups.returning(alerts);
                 }};
  SeriesGroups groups{ws, book};
  ServiceAlerts service{ws, book};
  RuleRunner rules{ws, book, groups};
  Windows windows{ws};
  Watchdog watchdog{ws,
                    book,
                    {[this](std::uint32_t device, DeviceVoice voice) {
                       if (!rules_alone) rules.device_offline(device, voice);
                     },
                     [this](std::uint32_t device, DeviceVoice before) { rules.device_back(device, before); }}};
  ReadingGate gate{ws, watchdog, windows, rules};

  bool rules_alone = false;  // no part of the state

  Impl() { windows.lengths_changed(); }

  void process(const proto::Batch& batch);
  void run_deadlines(Instant until);
  void settle();
  void on_deadline(const Timer& timer);
  [[nodiscard]] std::optional<Instant> due(const Timer& timer);

  void on(const proto::NewDevice& e) {
    if (ws.fleet.add(e)) watchdog.device_added(proto::to_number(e.key));
  }
  void on(const proto::NewSeries& e) {
    if (!ws.fleet.add(e)) return;
    const auto series = proto::to_number(e.id);
    gate.series_added(series);
    rules.series_added(series);
    windows.series_added(series);
  }
  void on(const proto::SeriesUnit& e) {
    if (ws.fleet.knows_series(proto::to_number(e.id))) ws.fleet.set_unit(proto::to_number(e.id), e.unit);
  }
  void on(const proto::DeviceTags& e) {
    const auto device = proto::to_number(e.device);
    if (!ws.fleet.knows_device(device)) return;
    ws.fleet.set_tags(device, e.tags);
    rules.rematch_device(device);
  }
  void on(const proto::DeviceStatus& e) { watchdog.status(e); }
  void on(const proto::Heard& e) { heard(e.device); }
  void on(const proto::DeadLetter& e) { heard(e.device); }
  void on(const proto::Link& e);
  void on(const proto::OperatorAction& e) { book.apply(e); }
  void on(const proto::RuleSetChange& e) {
    const proto::RuleSet before = std::exchange(ws.rules, e.rules);
    silences.rules_changed(before);
    rules.rules_changed(before);
    windows.lengths_changed();
    watchdog.rules_changed();
    book.look_again();
  }
  void on(const proto::ServiceCondition& e) { service.apply(e); }
  void on(const proto::SilenceOrder& e) {
    silences.apply(e);
    book.look_again();
  }
  void on(const proto::DevicesRemoved& e);
  void on(const proto::ModelChange& e) { rules.learn(e.model); }
  // Clock steps are read before the batch's deadlines run; the rest says nothing about devices or values.
  void on(const proto::ClockStep&) {}
  void on(const proto::RetainedValue&) {}
  void on(const proto::SessionEpoch&) {}
  void on(const proto::RedeliveryTable&) {}

  [[nodiscard]] DeviceVoice voice_over(std::uint32_t series) const {
    return rules_alone ? DeviceVoice::none : watchdog.voice(ws.fleet.series(series).device);
  }
  void heard(proto::DeviceKey device) {
    if (ws.fleet.knows_device(proto::to_number(device))) watchdog.heard(proto::to_number(device));
  }
};

void Engine::Impl::on(const proto::Link& e) {
  service.link(e.state);
  watchdog.link(e.state);
  if (e.state == proto::LinkState::caught_up) gate.caught_up();
}

void Engine::Impl::on(const proto::DevicesRemoved& e) {
  const std::string why = e.by.empty() ? "the device was removed" : "the device was removed by " + e.by;
  for (const auto key : e.devices) {
    const auto device = proto::to_number(key);
    if (!ws.fleet.knows_device(device)) continue;
    rules.device_removed(device, why);
    for (auto id = ws.fleet.device(device).first_series; id != 0; id = ws.fleet.series(id).next_of_device) {
      windows.series_removed(id);
      gate.series_removed(id);
    }
    watchdog.device_removed(device, why);
    ws.fleet.remove(device);
  }
  ws.say(proto::RemovalReply{e.tenant, e.site, e.device, !e.devices.empty(),
                             e.devices.empty() ? "no such device"
                                               : "devices: " + std::to_string(e.devices.size()) +
                                                     ", series: " + std::to_string(e.series.size())});
}

std::optional<Instant> Engine::Impl::due(const Timer& timer) {
  switch (timer.kind) {
    case TimerKind::will:
      return watchdog.will_due(timer);
    case TimerKind::persistence:
      return rules.due(timer);
    case TimerKind::window:
      return windows.due(timer);
    case TimerKind::alert:
      return book.due(timer);
    case TimerKind::site:
      return watchdog.site_due(timer);
    case TimerKind::link:
      return service.link_due();
    case TimerKind::missing:
      return rules.missing_due(timer, watchdog.listening_since());
    case TimerKind::silencing:
      return silences.due(timer);
    case TimerKind::silence:
      break;
  }
  return std::nullopt;
}

void Engine::Impl::on_deadline(const Timer& timer) {
  switch (timer.kind) {
    case TimerKind::silence:
      return watchdog.on_silence(timer);
    case TimerKind::will:
      return watchdog.on_will(timer);
    case TimerKind::persistence: {
      const auto series = static_cast<std::uint32_t>(timer.subject >> 32);
      if (ws.fleet.knows_series(series)) rules.on_deadline(timer, gate.last(series), gate.fresh(series));
      return;
    }
    case TimerKind::missing: {
      const auto series = static_cast<std::uint32_t>(timer.subject >> 32);
      if (ws.fleet.knows_series(series)) rules.on_missing(timer, gate.last(series), voice_over(series));
      return;
    }
    case TimerKind::window:
      return windows.on_deadline(timer);
    case TimerKind::alert:
      return book.on_deadline(timer);
    case TimerKind::site:
      return watchdog.on_site(timer);
    case TimerKind::link:
      return service.on_link_deadline();
    case TimerKind::silencing:
      silences.on_deadline(timer);
      return book.look_again();
  }
}

void Engine::Impl::settle() {
  ws.timers.settle([this](const Timer& t) { return due(t); });
  if (auto* silence = watchdog.running_wheel())
    silence->settle([this](const Timer& t) { return t.kind == TimerKind::silence ? watchdog.silence_due(t) : due(t); });
}

void Engine::Impl::run_deadlines(Instant until) {
  while (true) {
    settle();
    TimerWheel* wheel = &ws.timers;
    auto earliest = wheel->earliest();
    if (auto* silence = watchdog.running_wheel()) {
      const auto silent = silence->earliest();
      if (silent && (!earliest || *silent <= *earliest)) {
        wheel = silence;
        earliest = silent;
      }
    }
    if (!earliest || *earliest > until) break;
    ws.clock.advance(*earliest);
    if (const auto timer = wheel->take_due(*earliest)) on_deadline(*timer);
  }
  ws.clock.advance(until);
}

void Engine::Impl::process(const proto::Batch& batch) {
  for (const auto& placed : batch.events) {
    // A service that was killed says nothing: since its last batch it has not listened.
    const auto* link = std::get_if<proto::Link>(&placed.event);
    if (link != nullptr && link->state == proto::LinkState::started) on(proto::Link{proto::LinkState::stopped});
    const auto* step = std::get_if<proto::ClockStep>(&placed.event);
    if (step == nullptr) continue;
    run_deadlines(ws.clock.to_instant(step->from));
    ws.clock.step(step->from, step->to);
    silences.refresh();
    book.look_again();
  }
  run_deadlines(ws.clock.to_instant(batch.log_time));
  proto::walk(
      batch, [this](const proto::Event& event) { std::visit([this](const auto& e) { on(e); }, event); },
      [this](const proto::Reading& reading) { gate.take(reading); });
  settle();
}

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::seed(const proto::NewDevice& device) { impl_->on(device); }
void Engine::seed(const proto::NewSeries& series) { impl_->on(series); }
void Engine::seed(const proto::DeviceTags& tags) { impl_->on(tags); }

void Engine::process(const proto::Batch& batch, std::vector<proto::Finding>& findings) {
  impl_->ws.findings = &findings;
  impl_->process(batch);
  impl_->ws.findings = nullptr;
}

Timestamp Engine::log_time() const { return impl_->ws.clock.log_now(); }

std::vector<proto::LearnedModel> Engine::learned() const {
  std::vector<proto::LearnedModel> models;
  impl_->rules.each_learned([&](const proto::LearnedModel& model) { models.push_back(model); });
  return models;
}

std::string Engine::problem_with(const proto::LearnedModel& model) const { return impl_->rules.problem_with(model); }

std::vector<proto::ExpectedHours> Engine::expected(proto::SeriesId series) const {
  return impl_->rules.expected(proto::to_number(series));
}

void Engine::judge_rules_alone() { impl_->rules_alone = true; }

void Engine::show_judgements(OnJudged on_judged) { impl_->ws.on_judged = std::move(on_judged); }

std::optional<Timestamp> Engine::next_deadline() const {
  auto earliest = impl_->ws.timers.earliest();
  if (const auto* silence = std::as_const(impl_->watchdog).running_wheel())
    if (const auto silent = silence->earliest(); silent && (!earliest || *silent < *earliest)) earliest = silent;
  if (!earliest) return std::nullopt;
  return impl_->ws.clock.to_log(*earliest);
}

const proto::RuleSet& Engine::rules() const { return impl_->ws.rules; }

Engine::Census Engine::census() const {
  Census census;
  for (std::size_t i = 0; i < std::size(census.devices); ++i) census.devices[i] = impl_->watchdog.census()[i];
  census.series = impl_->ws.fleet.series_count();
  impl_->book.count(census.alerts);
  census.late_readings = impl_->windows.late();
  return census;
}

std::string Engine::encode() const {
  std::string bytes;
  proto::ByteWriter out(bytes);
  const Impl& s = *impl_;
  out.u32(state_magic);
  s.ws.clock.encode(out);
  s.ws.fleet.encode(out);
  proto::encode(s.ws.rules, out);
  s.ws.timers.encode(out);
  s.silences.encode(out);
  s.book.encode(out);
  s.groups.encode(out);
  s.service.encode(out);
  s.rules.encode(out);
  s.windows.encode(out);
  s.watchdog.encode(out);
  s.gate.encode(out);
  return bytes;
}

std::optional<Engine> Engine::decode(std::string_view bytes) {
  proto::ByteReader in(bytes);
  Engine engine;
  Impl& s = *engine.impl_;
  const auto magic = in.u32();
  const unsigned version = (magic >> 24) - '0';
  const bool known = magic << 8 == state_magic << 8 && version >= oldest_version && magic <= state_magic;
  const bool good = known && s.ws.clock.decode(in) && s.ws.fleet.decode(in) && proto::decode(in, s.ws.rules) &&
                    s.ws.timers.decode(in) && (version < 7 || s.silences.decode(in)) && s.book.decode(in, version) &&
                    s.groups.decode(in) && s.service.decode(in) && s.rules.decode(in, version) &&
                    s.windows.decode(in, version) && s.watchdog.decode(in, version) && s.gate.decode(in) && in.at_end();
  if (!good) return std::nullopt;
  return engine;
}

}  // namespace telltale::analytics
