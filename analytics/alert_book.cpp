#include "analytics/alert_book.hpp"

#include <algorithm>
#include <utility>

#include "analytics/alert_id.hpp"

namespace telltale::analytics {

namespace {

using State = proto::AlertState;
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

void AlertBook::say(Alert& alert, State state) {
  if (alert.hidden) return;
  if (state != State::acknowledged && state != State::silenced) {
    alert.said.by.clear();
    alert.said.comment.clear();
  }
  alert.said.state = state;
  alert.said.ts = ws_.clock.log_now();
  ++alert.said.n;
  ws_.say(alert.said);
}

void AlertBook::wait(AlertHandle handle, Alert& alert, Instant until) {
  alert.due = until;
  ws_.timers.add({until, handle, TimerKind::alert});
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

AlertHandle AlertBook::raise(proto::AlertTransition draft, Millis cooldown, Showing showing) {
  auto alert = std::make_unique<Alert>();
  const std::uint64_t identity = alert_identity(draft);
  alert->hash = alert_hash(identity, starts_.take(identity, draft.started));
  // A batch has one time; what is stamped on receipt while it is open may be later by as long as it is open, and a
  // device's clock may be ahead. An alert does not start after it was raised.
  draft.started = std::min(draft.started, ws_.clock.log_now());
  draft.id = alert_id(alert->hash);
  draft.n = 0;
  draft.state = State::firing;
  alert->said = std::move(draft);
  alert->cooldown = cooldown;
  alert->hidden = showing == Showing::hidden;
  const AlertHandle handle = insert(std::move(alert));
  say(*find(handle), State::firing);
  return handle;
}

void AlertBook::raise_again(AlertHandle handle, std::uint32_t violations, const Clearing& reading) {
  Alert* alert = find(handle);
  if (alert == nullptr) return;
  alert->phase = Phase::open;
  alert->due = never;
  alert->said.count += violations;
  alert->said.value = reading.value;
  alert->said.summary = reading.summary;
  if (alert->flapping) return;
  alert->flapping = true;
  say(*alert, State::flapping);
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
  if (!alert->flapping) say(*alert, State::resolved);
  if (alert->cooldown <= Millis{0}) return forget(handle);
  alert->phase = Phase::clearing;
  wait(handle, *alert, ws_.clock.now() + alert->cooldown);
}

void AlertBook::remove(AlertHandle handle, std::string_view why) {
  Alert* alert = find(handle);
  if (alert == nullptr) return;
  if (alert->said.active() && alert->said.n > 0) {
    alert->said.summary = why;
    say(*alert, State::removed);
  }
  forget(handle);
}

void AlertBook::hide(AlertHandle handle, std::string_view why) {
  Alert* alert = find(handle);
  if (alert == nullptr || alert->hidden || alert->phase != Phase::open) return;
  const std::string summary = std::exchange(alert->said.summary, std::string(why));
  if (alert->said.active()) say(*alert, State::removed);
  alert->said.summary = summary;
  alert->due = never;
  alert->hidden = true;
}

void AlertBook::show(AlertHandle handle) {
  Alert* alert = find(handle);
  if (alert == nullptr || !alert->hidden) return;
  alert->hidden = false;
  say(*alert, State::firing);
}

void AlertBook::set_severity(AlertHandle handle, proto::Severity severity) {
  Alert* alert = find(handle);
  if (alert == nullptr || alert->said.severity == severity) return;
  if (alert->hidden || !alert->said.active()) {
    alert->said.severity = severity;
    return;
  }
  const std::string summary = alert->said.summary;
  alert->said.summary = "severity is now " + std::string(to_string(severity));
  say(*alert, State::resolved);
  if (alert->phase == Phase::open) alert->due = never;
  alert->said.severity = severity;
  alert->said.summary = summary;
  say(*alert, State::firing);
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

std::string AlertBook::id(AlertHandle handle) const {
  const Alert* alert = find(handle);
  return alert != nullptr ? alert->said.id : std::string();
}

std::string AlertBook::act(const proto::OperatorAction& action, bool& ok) {
  ok = false;
  const auto hash = parse_alert_id(action.alert_id);
  if (!hash) return "not an alert id";
  const auto found = by_id_.find(*hash);
  Alert* alert = found == by_id_.end() ? nullptr : find(found->second);
  if (alert == nullptr) {
    const bool was_there = std::find(resolved_.begin(), resolved_.end(), *hash) != resolved_.end();
    return was_there ? "already resolved" : "unknown alert";
  }
  if (alert->said.tenant != action.tenant || alert->said.n == 0) return "unknown alert";
  if (alert->hidden) return "part of another alert";
  if (!alert->said.active()) return "already resolved";
  const bool silence = action.verb == proto::OperatorVerb::silence;
  Instant until = never;
  if (silence && action.until) {
    until = ws_.clock.to_instant(*action.until);
    if (until <= ws_.clock.now()) return "until has passed";
  }
  ok = true;
  const State wanted = silence ? State::silenced : State::acknowledged;
  const bool repeated = alert->said.state == wanted && alert->said.by == action.by &&
                        alert->said.comment == action.comment && (!silence || alert->due == until);
  if (repeated) return std::string("already ") + std::string(to_string(wanted));
  alert->said.by = action.by;
  alert->said.comment = action.comment;
  // A flapping alert that waits out its cooldown keeps that deadline; the silence then lasts until it is resolved.
  if (alert->phase == Phase::open) {
    alert->due = never;
    if (until != never) wait(found->second, *alert, until);
  }
  say(*alert, wanted);
  return std::string(to_string(wanted));
}

void AlertBook::apply(const proto::OperatorAction& action) {
  proto::ControlReply reply;
  reply.tenant = action.tenant;
  reply.alert_id = action.alert_id;
  reply.detail = act(action, reply.ok);
  ws_.say(std::move(reply));
}

std::optional<Instant> AlertBook::due(const Timer& timer) const {
  const Alert* alert = find(timer.subject);
  if (alert == nullptr || alert->due == never) return std::nullopt;
  return alert->due;
}

void AlertBook::on_deadline(const Timer& timer) {
  Alert* alert = find(timer.subject);
  if (alert == nullptr || alert->due == never || alert->due > ws_.clock.now()) return;
  alert->due = never;
  if (alert->phase == Phase::clearing) {
    if (alert->said.active()) say(*alert, State::resolved);
    return forget(timer.subject);
  }
  if (alert->said.state != State::silenced) return;
  say(*alert, State::firing);
}

void AlertBook::count(std::size_t (&by_severity)[3]) const {
  for (const auto& alert : slots_)
    if (alert && !alert->hidden && alert->said.active()) ++by_severity[static_cast<std::size_t>(alert->said.severity)];
}

}  // namespace telltale::analytics
