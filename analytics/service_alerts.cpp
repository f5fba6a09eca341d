#include "analytics/service_alerts.hpp"

#include <algorithm>
#include <utility>

namespace telltale::analytics {

namespace {

constexpr auto link_down = "link-down";
constexpr Millis link_flapping_for{900'000};

proto::Severity severity_of(std::string_view rule) {
  constexpr std::string_view critical[] = {"link-down", "disk-low", "log-damage"};
  return std::find(std::begin(critical), std::end(critical), rule) != std::end(critical) ? proto::Severity::critical
                                                                                         : proto::Severity::warning;
}

}  // namespace

void ServiceAlerts::apply(const proto::ServiceCondition& condition) { apply(condition, ws_.clock.log_now()); }

void ServiceAlerts::apply(const proto::ServiceCondition& condition, Timestamp started) {
  const auto found = active_.find(condition.rule);
  if (!condition.active) {
    if (found == active_.end()) return;
    book_.clear(found->second,
                {std::nullopt, condition.summary.empty() ? condition.rule + " is over" : condition.summary});
    if (!book_.clearing(found->second)) active_.erase(found);
    return;
  }
  if (found != active_.end()) {
    if (book_.open(found->second)) return book_.renew(found->second);
    if (book_.clearing(found->second)) return book_.raise_again(found->second, 1, {std::nullopt, condition.summary});
    active_.erase(found);  // its cooldown is over
  }
  proto::AlertTransition draft;
  draft.severity = severity_of(condition.rule);
  draft.tenant = "default";
  draft.site = "-";
  draft.device = "-";
  draft.rule = condition.rule;
  draft.metric = "_";
  draft.started = started;
  draft.count = 1;
  draft.summary = condition.summary;
  const Millis cooldown = condition.rule == link_down ? link_flapping_for : Millis{0};
  active_.emplace(condition.rule, book_.raise(std::move(draft), cooldown, Showing::shown));
}

void ServiceAlerts::link(proto::LinkState state) {
  switch (state) {
    case proto::LinkState::down:
      if (const auto known = active_.find(link_down); known != active_.end() && book_.open(known->second)) return;
      if (link_lost_ != never) return;
      link_lost_ = ws_.clock.now();
      ws_.timers.add({link_lost_ + link_down_for, 0, TimerKind::link});
      return;
    case proto::LinkState::up:
    case proto::LinkState::caught_up:
      apply({link_down, false, "connected to the MQTT broker again"});
      [[fallthrough]];
    case proto::LinkState::started:
    case proto::LinkState::stopped:
      link_lost_ = never;
      return;
    case proto::LinkState::paused:
    case proto::LinkState::resumed:
      return;
  }
}

std::optional<Instant> ServiceAlerts::link_due() const {
  if (link_lost_ == never) return std::nullopt;
  return link_lost_ + link_down_for;
}

void ServiceAlerts::on_link_deadline() {
  if (const auto due = link_due(); !due || *due > ws_.clock.now()) return;
  const auto lost = std::exchange(link_lost_, never);
  apply({link_down, true, "no connection to the MQTT broker"}, ws_.clock.to_log(lost));
}

void ServiceAlerts::encode(proto::ByteWriter& out) const {
  out.varint(active_.size());
  for (const auto& [rule, handle] : active_) {
    out.str(rule);
    out.varint(handle);
  }
  put(out, link_lost_);
}

bool ServiceAlerts::decode(proto::ByteReader& in) {
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::string rule(in.str());
    active_[std::move(rule)] = in.varint();
  }
  link_lost_ = get_instant(in);
  return in.ok();
}

}  // namespace telltale::analytics
