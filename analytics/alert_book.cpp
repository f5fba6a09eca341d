#include "analytics/alert_book.hpp"

#include <algorithm>
#include <utility>

#include "analytics/alert_id.hpp"

namespace telltale::analytics {

namespace {
using State = proto::AlertState;
using Reason = proto::AlertReason;
}  // namespace

AlertBook::Alert* AlertBook::find(AlertHandle handle) { return const_cast<Alert*>(std::as_const(*this).find(handle)); }

const AlertBook::Alert* AlertBook::find(AlertHandle handle) const {
  const std::size_t slot = handle & 0xFFFFFFFF;
  if (slot == 0 || slot > slots_.size()) return nullptr;
  const Alert* alert = slots_[slot - 1].get();
  return alert != nullptr && alert->generation == handle >> 32 ? alert : nullptr;
}

AlertHandle AlertBook::insert(std::unique_ptr<Alert> alert) {
  if (free_.empty()) {
    slots_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  alert->generation = ++opened_;
  const AlertHandle handle = std::uint64_t{alert->generation} << 32 | slot;
  by_id_[alert->hash] = handle;
  slots_[slot - 1] = std::move(alert);
  return handle;
}

AlertBook::Standing AlertBook::standing(const Alert& alert) const {
  const auto& own = alert.silenced;
  if (own && (own->until == never || own->until > ws_.clock.now())) return {State::silenced, own->by, own->comment};
  if (alert.acknowledged) return {State::acknowledged, alert.acknowledged->by, alert.acknowledged->comment};
  if (const auto who = silences_.match(alert.said))
    return {State::silenced, std::string(who->by), std::string(who->comment)};
  return {alert.plain, {}, {}};
}

void AlertBook::say(Alert& alert, Standing standing, Reason reason) {
  if (alert.hidden) return;
  alert.said.state = standing.state;
  alert.said.by = std::move(standing.by);
  alert.said.comment = std::move(standing.comment);
  alert.said.reason = reason;
  alert.said.ts = ws_.clock.log_now();
  ++alert.said.n;
  ws_.say(alert.said);
}

void AlertBook::say_over(Alert& alert, State state, Reason reason) { say(alert, {state, {}, {}}, reason); }

bool AlertBook::look(Alert& alert) {
  if (alert.hidden || alert.phase != Phase::open) return false;
  Standing now = standing(alert);
  if (now.state == alert.said.state) return false;
  if (now.state == State::silenced) {
    say(alert, std::move(now), Reason::silence_began);
    return false;
  }
  // It violates at this moment: whatever it was before, it fires.
  if (now.state == State::flapping) now.state = alert.plain = State::firing;
  if (alert.said.state != State::silenced) return false;
  if (now.state == State::firing) return true;
  say(alert, std::move(now), Reason::silence_ended);
  return false;
}

void AlertBook::look_again() {
  std::vector<Returning> returning;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    if (slots_[slot] && look(*slots_[slot])) returning.push_back({handle_of(slot), slots_[slot]->origin});
  if (!returning.empty()) bring_back(returning);
}

void AlertBook::bring_back(const std::vector<Returning>& returning) {
  before_return_(returning);
  for (const auto& r : returning) {
    Alert* alert = find(r.handle);
    if (alert != nullptr && !alert->hidden) say(*alert, standing(*alert), Reason::silence_ended);
  }
}

AlertHandle AlertBook::handle_of(std::size_t slot) const {
  return std::uint64_t{slots_[slot]->generation} << 32 | (slot + 1);
}

proto::Severity AlertBook::escalated(const Alert& alert) const {
  auto severity = alert.base;
  for (const auto& step : alert.escalation)
    if (alert.raised + std::min(step.after, end_of_time) <= ws_.clock.now())
      severity = std::max(severity, step.severity);
  return severity;
}

Instant AlertBook::deadline(const Alert& alert) const {
  if (alert.phase == Phase::clearing) return alert.cooled;
  Instant due = alert.silenced ? alert.silenced->until : never;
  for (const auto& step : alert.escalation) {
    const Instant at = alert.raised + std::min(step.after, end_of_time);
    if (at > ws_.clock.now() && step.severity > alert.said.severity && (due == never || at < due)) due = at;
  }
  return due;
}

void AlertBook::arm(AlertHandle handle, Alert& alert) {
  const Instant due = deadline(alert);
  if (due == never || (alert.armed != never && alert.armed <= due)) return;
  alert.armed = due;
  ws_.timers.add({due, handle, TimerKind::alert});
}

void AlertBook::forget(AlertHandle handle) {
  const Alert* alert = find(handle);
  if (alert == nullptr) return;
  if (const auto found = by_id_.find(alert->hash); found != by_id_.end() && found->second == handle)
    by_id_.erase(found);
  if (alert->said.n > 0) {
    if (resolved_.size() < remembered_ids) {
      resolved_.push_back(alert->hash);
    } else {
      resolved_[resolved_next_] = alert->hash;
      resolved_next_ = (resolved_next_ + 1) % remembered_ids;
    }
  }
  const auto slot = static_cast<std::uint32_t>(handle & 0xFFFFFFFF);
  slots_[slot - 1].reset();
  free_.push_back(slot);
}

AlertHandle AlertBook::raise(proto::AlertTransition draft, Millis cooldown, Showing showing,
                             std::vector<proto::Escalation> escalation) {
  auto alert = std::make_unique<Alert>();
  const std::uint64_t identity = alert_identity(draft);
  alert->hash = alert_hash(identity, starts_.take(identity, draft.started));
  // A batch has one time; what is stamped on receipt while it is open may be later by as long as it is open, and a
  // device's clock may be ahead. An alert does not start after it was raised.
  draft.started = std::min(draft.started, ws_.clock.log_now());
  draft.id = alert_id(alert->hash);
  draft.n = 0;
  alert->said = std::move(draft);
  alert->cooldown = cooldown;
  alert->hidden = showing == Showing::hidden;
  alert->raised = ws_.clock.now();
  alert->base = alert->said.severity;
  alert->escalation = std::move(escalation);
  const AlertHandle handle = insert(std::move(alert));
  Alert& raised = *find(handle);
  say(raised, standing(raised), Reason::violated);
  arm(handle, raised);
  return handle;
}

void AlertBook::raise_again(AlertHandle handle, std::uint32_t violations, const Clearing& reading) {
  Alert* alert = find(handle);
  if (alert == nullptr) return;
  alert->phase = Phase::open;
  alert->cooled = never;
  alert->said.count += violations;
  alert->said.value = reading.value;
  alert->said.summary = reading.summary;
  const bool first = !std::exchange(alert->flapping, true);
  if (first) alert->plain = State::flapping;
  if (Standing now = standing(*alert); first || now.state != alert->said.state)
    say(*alert, std::move(now), Reason::violated_again);
  move(*alert, std::max(alert->said.severity, escalated(*alert)), Reason::escalated);
  arm(handle, *alert);
}

void AlertBook::renew(AlertHandle handle, std::optional<double> value) {
  if (Alert* alert = find(handle)) {
    ++alert->said.count;
    if (value) alert->said.value = value;
  }
}

void AlertBook::clear(AlertHandle handle, const Clearing& reading) {
  Alert* alert = find(handle);
  if (alert == nullptr || alert->phase != Phase::open) return;
  if (alert->hidden) return forget(handle);
  alert->said.value = reading.value;
  alert->said.summary = reading.summary;
  if (!alert->flapping) {
    say_over(*alert, State::resolved, Reason::recovered);
    alert->acknowledged.reset();
    if (alert->silenced && alert->silenced->until == never) alert->silenced.reset();
  }
  if (alert->cooldown <= Millis{0}) return forget(handle);
  alert->phase = Phase::clearing;
  alert->cooled = ws_.clock.now() + alert->cooldown;
  arm(handle, *alert);
}

void AlertBook::remove(AlertHandle handle, std::string_view why) {
  Alert* alert = find(handle);
  if (alert == nullptr) return;
  if (alert->said.active() && alert->said.n > 0) {
    alert->said.summary = why;
    say_over(*alert, State::removed, Reason::rule_removed);
  }
  forget(handle);
}

void AlertBook::hide(AlertHandle handle, std::string_view why) {
  Alert* alert = find(handle);
  if (alert == nullptr || alert->hidden || alert->phase != Phase::open) return;
  const std::string summary = std::exchange(alert->said.summary, std::string(why));
  if (alert->said.active()) say_over(*alert, State::removed, Reason::part_of);
  alert->said.summary = summary;
  alert->hidden = true;
}

void AlertBook::show(AlertHandle handle) {
  Alert* alert = find(handle);
  if (alert == nullptr || !alert->hidden) return;
  alert->hidden = false;
  alert->speaker = 0;
  say(*alert, standing(*alert), Reason::on_its_own);
}

void AlertBook::set_speaker(AlertHandle member, AlertHandle speaker) {
  if (Alert* alert = find(member)) alert->speaker = speaker;
}

void AlertBook::set_origin(AlertHandle handle, AlertOrigin origin) {
  if (Alert* alert = find(handle)) alert->origin = origin;
}

void AlertBook::set_severity(AlertHandle handle, proto::Severity severity, std::vector<proto::Escalation> escalation) {
  Alert* alert = find(handle);
  if (alert == nullptr) return;
  alert->base = severity;
  alert->escalation = std::move(escalation);
  move(*alert, escalated(*alert), Reason::severity);
  arm(handle, *alert);
}

void AlertBook::move(Alert& alert, proto::Severity severity, Reason reason) {
  if (alert.said.severity == severity) return;
  if (severity > alert.said.severity) {
    alert.acknowledged.reset();
    alert.plain = State::firing;
  }
  if (alert.hidden || !alert.said.active()) {
    alert.said.severity = severity;
    Alert* speaker = alert.hidden ? find(alert.speaker) : nullptr;
    if (speaker != nullptr && severity > speaker->said.severity) move(*speaker, severity, reason);
    return;
  }
  const std::string summary = alert.said.summary;
  alert.said.summary = "severity is now " + std::string(to_string(severity));
  say_over(alert, State::resolved, reason);
  alert.said.severity = severity;
  alert.said.summary = summary;
  say(alert, standing(alert), reason);
}

bool AlertBook::open(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr && alert->phase == Phase::open;
}

bool AlertBook::clearing(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr && alert->phase == Phase::clearing;
}

bool AlertBook::hidden(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr && alert->hidden;
}

bool AlertBook::flapping(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr && alert->flapping;
}

proto::Severity AlertBook::severity(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr ? alert->said.severity : proto::Severity::info;
}

AlertHandle AlertBook::speaker(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr ? alert->speaker : 0;
}

std::string AlertBook::id(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr ? alert->said.id : std::string();
}

std::optional<Instant> AlertBook::due(const Timer& timer) {
  Alert* alert = find(timer.subject);
  if (alert == nullptr || timer.deadline != alert->armed) return std::nullopt;
  const Instant due = deadline(*alert);
  if (due == never) {
    alert->armed = never;
    return std::nullopt;
  }
  alert->armed = std::max(alert->armed, due);
  return due;
}

void AlertBook::on_deadline(const Timer& timer) {
  Alert* alert = find(timer.subject);
  if (alert == nullptr || timer.deadline != alert->armed) return;
  alert->armed = never;
  const Instant now = ws_.clock.now();
  if (alert->phase == Phase::clearing) {
    if (alert->cooled > now) return arm(timer.subject, *alert);
    if (alert->said.active()) say_over(*alert, State::resolved, Reason::stayed_clear);
    return forget(timer.subject);
  }
  if (alert->silenced && alert->silenced->until != never && alert->silenced->until <= now) {
    alert->silenced.reset();
    if (look(*alert)) bring_back({{timer.subject, alert->origin}});
  }
  move(*alert, std::max(alert->said.severity, escalated(*alert)), Reason::escalated);
  arm(timer.subject, *alert);
}

void AlertBook::count(std::size_t (&by_severity)[3]) const {
  for (const auto& alert : slots_)
    if (alert && !alert->hidden && alert->said.active()) ++by_severity[static_cast<std::size_t>(alert->said.severity)];
}

}  // namespace telltale::analytics
