#include "notify/push_lane.hpp"

#include <algorithm>
#include <utility>

#include "notify/compose.hpp"
#include "notify/retry.hpp"

namespace telltale::notify {

namespace {
constexpr Millis push_every{60'000};
}

PushLane::PushLane(Channel channel, const Surroundings& surroundings)
    : channel_(std::move(channel)),
      external_url_(surroundings.external_url),
      new_id_(surroundings.new_id),
      report_(channel_.name, surroundings.log, surroundings.metrics) {}

bool PushLane::reconfigure(const Channel& channel, const std::string& external_url, Ledger& ledger) {
  if (channel.kind != channel_.kind) return false;
  channel_ = channel;
  external_url_ = external_url;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = channel_.takes(*entry->second.alert) ? std::next(entry) : erase(entry, ledger);
  }
  return true;
}

void PushLane::note(const Entry& entry, Ledger& ledger) const {
  ledger.entry({.channel = channel_.name,
                .alert = entry.alert->key,
                .said_firing = entry.said_firing,
                .due_ms = {},
                .mail_root = {}});
}

PushLane::Entries::iterator PushLane::erase(Entries::iterator entry, Ledger& ledger) {
  ledger.no_entry(channel_.name, entry->first);
  return entries_.erase(entry);
}

void PushLane::not_later_than(Timestamp at) {
  at = std::max(at, not_before_);
  next_ = next_ ? std::min(*next_, at) : at;
}

void PushLane::restore(const store::NotifyDb::Entry& row, const Alert& alert) {
  entries_.insert_or_assign(alert.key, Entry{&alert, row.said_firing});
  next_ = not_before_;
}

void PushLane::notice(const Alert& alert, Timestamp now, Ledger& ledger) {
  if (!channel_.takes(alert)) return;
  auto at = entries_.find(alert.key);
  if (at == entries_.end()) {
    if (alert.ended()) return;
    if (alert.loud() && entries_.size() >= channel_.queue) return report_.dropped();
    at = entries_.emplace(alert.key, Entry{&alert}).first;
  }
  const bool pushed = at->second.said_firing || !under_way_.empty();
  if (alert.ended() && !(pushed && channel_.resolve)) {
    erase(at, ledger);
    return;
  }
  note(at->second, ledger);
  if (alert.loud() || alert.ended()) not_later_than(now);
  report_.depth(entries_.size());
}

std::optional<Lane::Outgoing> PushLane::next(Timestamp now, Timestamp calendar) {
  if (!under_way_.empty() || !next_ || *next_ > now) return std::nullopt;
  next_.reset();
  Message message{.receiver = channel_.name, .group = {}, .external_url = external_url_, .alerts = {}, .truncated = 0};
  for (const auto& [key, entry] : entries_) {
    const bool firing = entry.alert->loud();
    if (!firing && !(entry.alert->ended() && entry.said_firing)) continue;
    under_way_.emplace_back(key, firing);
    message.alerts.push_back({entry.alert, firing});
  }
  if (message.alerts.empty()) return std::nullopt;
  return Outgoing{new_id_(), compose(message, channel_, {}, {}, calendar)};
}

void PushLane::done(const Outcome& outcome, Timestamp now, Ledger& ledger) {
  bool given_up = outcome.verdict != Verdict::retry;
  if (outcome.verdict == Verdict::accepted) {
    report_.sent(outcome);
    failing_since_.reset();
    failures_ = 0;
    not_before_ = now;
  } else if (outcome.verdict == Verdict::refused) {
    report_.refused(outcome, "push");
    not_before_ = now + push_every;
  } else {
    if (!failing_since_) failing_since_ = now;
    given_up = now - *failing_since_ >= give_up_after;
    not_before_ = now + std::max(std::min(backoff(++failures_), push_every), outcome.retry_after.value_or(Millis{0}));
    if (given_up) {
      report_.failed(outcome, "push");
      failing_since_ = now;
    } else {
      report_.retried(outcome);
    }
  }
  if (given_up) {
    settle(outcome.verdict, ledger);
  } else {
    under_way_.clear();
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool nothing_left = entry->second.alert->ended() && !entry->second.said_firing;
    entry = nothing_left ? erase(entry, ledger) : std::next(entry);
  }
  bool changed = false, firing = false;
  for (const auto& [key, entry] : entries_) {
    firing |= entry.alert->loud();
    changed |= entry.alert->loud() ? !entry.said_firing : entry.alert->ended();
  }
  if (changed || (firing && outcome.verdict != Verdict::accepted)) not_later_than(now);
  if (firing) not_later_than(now + push_every);
  report_.depth(entries_.size());
}

/// What the receiver has taken, or never will.
void PushLane::settle(Verdict verdict, Ledger& ledger) {
  for (const auto& [key, firing] : std::exchange(under_way_, {})) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) continue;
    Entry& entry = at->second;
    if (firing && verdict == Verdict::accepted) entry.said_firing = true;
    if (!firing && entry.alert->ended()) {
      erase(at, ledger);
    } else {
      if (!firing) entry.said_firing = false;
      note(entry, ledger);
    }
  }
}

std::optional<Timestamp> PushLane::due(Timestamp) { return under_way_.empty() ? next_ : std::nullopt; }

void PushLane::close(Ledger& ledger) {
  for (auto entry = entries_.begin(); entry != entries_.end();) entry = erase(entry, ledger);
  report_.depth(0);
}

}  // namespace telltale::notify
