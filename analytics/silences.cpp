#include "analytics/silences.hpp"

#include <algorithm>

namespace telltale::analytics {

namespace {
using Phase = proto::SilenceState::Phase;
using Refusal = proto::OrderRefusal;

std::optional<Timestamp> earlier(std::optional<Timestamp> a, Timestamp b) { return a ? std::min(*a, b) : b; }
}  // namespace

std::optional<Silences::Who> Silences::match(const proto::AlertTransition& alert) const {
  for (auto at = silences_.lower_bound({alert.tenant, ""}); at != silences_.end() && at->first.first == alert.tenant;
       ++at)
    if (at->second.active && proto::matches(at->second.pattern, alert)) return Who{at->second.by, at->second.comment};
  for (std::size_t i = 0; i < windows_.size(); ++i)
    if (windows_[i].active && proto::matches(ws_.rules.maintenance[i].pattern, alert))
      return Who{windows_[i].by, ws_.rules.maintenance[i].comment};
  return std::nullopt;
}

void Silences::apply(const proto::SilenceOrder& order) {
  proto::ControlReply reply;
  reply.tenant = order.tenant;
  reply.silence = order.name;
  reply.detail = order.verb == proto::SilenceVerb::set ? set(order, reply.refusal) : end(order, reply.refusal);
  reply.ok = reply.refusal == Refusal::none;
  refresh();
  ws_.say(std::move(reply));
}

std::string Silences::set(const proto::SilenceOrder& order, Refusal& refusal) {
  refusal = Refusal::invalid;
  const Timestamp now = ws_.clock.log_now();
  if (!order.until) return "needs until";
  if (*order.until <= now) return "until has passed";
  if (order.from && *order.from >= *order.until) return "from is not before until";
  const Key key{order.tenant, order.name};
  if (!silences_.contains(key) && silences_.size() >= most) return "too many silences";
  refusal = Refusal::none;
  Silence fresh{order.pattern,
                {std::max(order.from.value_or(now), now), std::min(*order.until, Timestamp{end_of_time})},
                order.by.empty() ? "silence " + order.name : order.by,
                order.comment,
                false};
  const auto [at, added] = silences_.try_emplace(key, fresh);
  const bool active = fresh.span.covers(now);
  if (!added) {
    fresh.active = at->second.active;
    at->second = std::move(fresh);
  }
  at->second.active = active;
  say(key, at->second, active ? Phase::active : Phase::waiting);
  return active ? "active" : "waiting";
}

std::string Silences::end(const proto::SilenceOrder& order, Refusal& refusal) {
  const auto at = silences_.find({order.tenant, order.name});
  if (at == silences_.end()) {
    refusal = Refusal::unknown;
    return "unknown silence";
  }
  say(at->first, at->second, Phase::over);
  silences_.erase(at);
  return "ended";
}

void Silences::rules_changed(const proto::RuleSet& before) {
  const auto& after = ws_.rules.maintenance;
  auto old = std::exchange(windows_, std::vector<Window>(after.size()));
  for (std::size_t i = 0; i < old.size(); ++i) {
    const auto same = std::find(after.begin(), after.end(), before.maintenance[i]);
    if (same != after.end()) {
      windows_[static_cast<std::size_t>(same - after.begin())] = std::move(old[i]);
    } else if (old[i].active) {
      say(before.maintenance[i], old[i], Phase::over);
    }
  }
  for (std::size_t i = 0; i < after.size(); ++i) windows_[i].by = "maintenance " + after[i].name;
  refresh();
}

void Silences::look(std::size_t i, Timestamp now) {
  const auto& window = ws_.rules.maintenance[i];
  Window& state = windows_[i];
  const auto span = proto::next_occurrence(window, now);
  const bool active = span && span->covers(now);
  if (state.active && !(active && span == state.span)) say(window, state, Phase::over);
  const bool begins = active && !(state.active && span == state.span);
  state.span = span;
  state.active = active;
  if (begins) say(window, state, Phase::active);
}

void Silences::refresh() {
  const Timestamp now = ws_.clock.log_now();
  std::optional<Timestamp> next;
  for (auto at = silences_.begin(); at != silences_.end();) {
    auto& [key, silence] = *at;
    if (silence.span.until <= now) {
      say(key, silence, Phase::over);
      at = silences_.erase(at);
      continue;
    }
    const bool active = silence.active || silence.span.covers(now);  // a clock set back does not undo its begin
    if (std::exchange(silence.active, active) != active) say(key, silence, Phase::active);
    next = earlier(next, active ? silence.span.until : silence.span.from);
    ++at;
  }
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    look(i, now);
    if (windows_[i].span) next = earlier(next, windows_[i].active ? windows_[i].span->until : windows_[i].span->from);
  }
  arm(next);
}

void Silences::arm(std::optional<Timestamp> next) {
  next_ = next ? std::max(ws_.clock.to_instant(*next), ws_.clock.now()) : never;
  if (next_ == never || (armed_ != never && armed_ <= next_)) return;
  armed_ = next_;
  ws_.timers.add({armed_, 0, TimerKind::silencing});
}

void Silences::on_deadline(const Timer& timer) {
  if (timer.deadline != armed_) return;
  armed_ = never;
  refresh();
}

std::optional<Instant> Silences::due(const Timer& timer) {
  if (timer.deadline != armed_) return std::nullopt;
  if (next_ == never) {
    armed_ = never;
    return std::nullopt;
  }
  armed_ = std::max(armed_, next_);
  return armed_;
}

void Silences::say(const Key& key, const Silence& s, Phase phase) {
  ws_.say(proto::SilenceState{proto::SilenceState::Kind::silence, phase, key.first, key.second, s.pattern, s.span.from,
                              s.span.until, s.by, s.comment});
}

void Silences::say(const proto::MaintenanceWindow& w, const Window& state, Phase phase) {
  ws_.say(proto::SilenceState{proto::SilenceState::Kind::maintenance, phase, w.pattern.tenant, w.name, w.pattern,
                              state.span->from, state.span->until, state.by, w.comment});
}

void Silences::encode(proto::ByteWriter& out) const {
  out.varint(silences_.size());
  for (const auto& [key, s] : silences_) {
    out.str(key.first);
    out.str(key.second);
    proto::encode(s.pattern, out);
    put(out, s.span.from);
    put(out, s.span.until);
    out.str(s.by);
    out.str(s.comment);
    out.boolean(s.active);
  }
  for (const Window& w : windows_) {
    out.boolean(w.span.has_value());
    if (w.span) {
      put(out, w.span->from);
      put(out, w.span->until);
    }
    out.boolean(w.active);
  }
  put(out, next_);
  put(out, armed_);
}

bool Silences::decode(proto::ByteReader& in) {
  const auto get_span = [&] {
    const auto from = get_timestamp(in);
    return proto::TimeSpan{from, get_timestamp(in)};
  };
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    std::string tenant(in.str());
    std::string name(in.str());
    Silence s;
    proto::decode(in, s.pattern);
    s.span = get_span();
    s.by = in.str();
    s.comment = in.str();
    s.active = in.boolean();
    silences_.insert_or_assign({std::move(tenant), std::move(name)}, std::move(s));
  }
  windows_.assign(ws_.rules.maintenance.size(), {});
  for (std::size_t i = 0; i < windows_.size() && in.ok(); ++i) {
    windows_[i].by = "maintenance " + ws_.rules.maintenance[i].name;
    if (in.boolean()) windows_[i].span = get_span();
    windows_[i].active = in.boolean();
    if (windows_[i].active && !windows_[i].span) return false;
  }
  next_ = get_instant(in);
  armed_ = get_instant(in);
  return in.ok();
}

}  // namespace telltale::analytics
