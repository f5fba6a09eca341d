#include "notify/message_lane.hpp"

#include <algorithm>
#include <utility>

#include "notify/compose.hpp"

namespace telltale::notify {

namespace {

constexpr std::size_t most_alerts_in_message = 100;
constexpr std::size_t most_references = 10;
// Nobody was told of an alert that still fires, because its receiver was away for an hour: soon again.
constexpr Millis again_after_failure{5 * 60'000};

}  // namespace

MessageLane::MessageLane(Channel channel, const Surroundings& surroundings)
    : channel_(std::move(channel)),
      external_url_(surroundings.external_url),
      new_id_(surroundings.new_id),
      report_(channel_.name, surroundings.log, surroundings.metrics),
      rate_(channel_.rate_limit) {}

/// A flat message has room for one alert only.
std::string MessageLane::group_name(const Alert& alert) const {
  const bool alone = channel_.kind == ChannelKind::webhook && channel_.format == BodyFormat::flat;
  return alone ? alert.key : group_of(alert);
}

bool MessageLane::reconfigure(const Channel& channel, const std::string& external_url, Ledger& ledger) {
  if (channel.kind != channel_.kind || channel.format != channel_.format) return false;
  if (channel.rate_limit != channel_.rate_limit) rate_ = RateLimit(channel.rate_limit);
  channel_ = channel;
  external_url_ = external_url;
  for (auto group = groups_.begin(); group != groups_.end();) {
    auto& entries = group->second.entries;
    for (auto entry = entries.begin(); entry != entries.end();) {
      entry = channel_.takes(*entry->second.alert) ? std::next(entry) : erase(group->second, entry, ledger);
    }
    tidy(group++, ledger);
  }
  return true;
}

void MessageLane::restore(const store::NotifyDb::Entry& row, const Alert& alert) {
  const std::string name = group_name(alert);
  Group& group = groups_[name];
  Entry& entry = group.entries.try_emplace(alert.key, Entry{.alert = &alert}).first->second;
  entry.said_firing = row.said_firing;
  entry.mail_root = row.mail_root;
  set_due(entry, row.due_ms ? std::optional(from_ms(*row.due_ms)) : std::nullopt);
  group_of_[alert.key] = name;
  plan(name, group);
}

void MessageLane::restore(const store::NotifyDb::Delivery& row) {
  deliveries_.restore(row);
  Group& group = groups_[row.group];
  group.under_way = true;
  plan(row.group, group);
}

void MessageLane::set_due(Entry& entry, std::optional<Timestamp> due) {
  if (entry.due && !entry.said_firing) --unsaid_due_;
  entry.due = due;
  if (entry.due && !entry.said_firing) ++unsaid_due_;
}

void MessageLane::note(const Entry& entry, Ledger& ledger) const {
  ledger.entry({.channel = channel_.name,
                .alert = entry.alert->key,
                .said_firing = entry.said_firing,
                .due_ms = entry.due ? std::optional(to_ms(*entry.due)) : std::nullopt,
                .mail_root = entry.mail_root});
}

std::map<std::string, MessageLane::Entry>::iterator MessageLane::erase(Group& group,
                                                                       std::map<std::string, Entry>::iterator entry,
                                                                       Ledger& ledger) {
  set_due(entry->second, std::nullopt);
  ledger.no_entry(channel_.name, entry->first);
  group_of_.erase(entry->first);
  return group.entries.erase(entry);
}

/// Gives the group its place in the agenda.
void MessageLane::plan(const std::string& name, Group& group) {
  if (group.planned) agenda_of(group).erase({*group.planned, name});
  group.planned.reset();
  group.urgent = false;
  if (group.under_way) return;
  for (const auto& [key, entry] : group.entries) {
    if (!entry.due) continue;
    group.planned = group.planned ? std::min(*group.planned, *entry.due) : *entry.due;
    group.urgent |= entry.alert->urgent();
  }
  if (group.planned) agenda_of(group).emplace(*group.planned, name);
}

/// Forgets what ended without having been told, unless a message about a change is coming, and the group with its last
/// alert.
void MessageLane::tidy(Groups::iterator at, Ledger& ledger) {
  Group& group = at->second;
  const bool more_to_come =
      group.under_way || std::any_of(group.entries.begin(), group.entries.end(), [](const auto& item) {
        const Entry& entry = item.second;
        return entry.due && (!entry.said_firing || entry.alert->ended());
      });
  for (auto entry = group.entries.begin(); !more_to_come && entry != group.entries.end();) {
    entry = entry->second.alert->ended() ? erase(group, entry, ledger) : std::next(entry);
  }
  plan(at->first, group);
  if (group.entries.empty() && !group.under_way) groups_.erase(at);
  report_.depth(waiting());
}

void MessageLane::notice(const Alert& alert, Timestamp now, Ledger& ledger) {
  if (!channel_.takes(alert)) return;
  const auto at = groups_.try_emplace(group_name(alert)).first;
  Group& group = at->second;
  const bool known = group.entries.contains(alert.key);
  if (!known && alert.ended()) return tidy(at, ledger);
  Entry& entry = group.entries.try_emplace(alert.key, Entry{.alert = &alert}).first->second;
  group_of_[alert.key] = at->first;
  const Timestamp soon = now + (alert.urgent() ? Millis{0} : channel_.group_wait);
  if (alert.loud()) {
    if (entry.said_firing) {
      set_due(entry, now + channel_.repeat);
    } else if (!entry.due && waiting() >= channel_.queue) {
      report_.dropped();
    } else {
      set_due(entry, entry.due ? std::min(*entry.due, soon) : soon);
    }
  } else if (!alert.ended()) {
    set_due(entry, std::nullopt);
  } else {
    const bool may_be_told = entry.said_firing || group.under_way;
    set_due(entry, may_be_told && channel_.resolve ? std::optional(soon) : std::nullopt);
  }
  note(entry, ledger);
  tidy(at, ledger);
}

bool MessageLane::worth_telling(const Group& group, Timestamp now) const {
  return std::any_of(group.entries.begin(), group.entries.end(), [&](const auto& item) {
    const Entry& entry = item.second;
    if (!entry.due || *entry.due > now) return false;
    return entry.alert->loud() || (entry.alert->ended() && entry.said_firing);
  });
}

void MessageLane::flush(Timestamp now, Timestamp calendar, Ledger& ledger) {
  const auto due = [&](const Agenda& agenda) { return !agenda.empty() && agenda.begin()->first <= now; };
  while (due(urgent_agenda_)) tell_if_due(urgent_agenda_, now, calendar, ledger);
  while (due(agenda_) && rate_.ready_at(now) <= now) {
    if (tell_if_due(agenda_, now, calendar, ledger)) (void)rate_.take(now);
  }
}

/// The first group of the agenda, which is due. False: there is nothing to tell of it any more.
bool MessageLane::tell_if_due(const Agenda& agenda, Timestamp now, Timestamp calendar, Ledger& ledger) {
  const auto group = groups_.find(agenda.begin()->second);
  if (worth_telling(group->second, now)) {
    tell(group, now, calendar, ledger);
    return true;
  }
  for (auto& [key, entry] : group->second.entries) {
    if (!entry.due || *entry.due > now) continue;
    set_due(entry, std::nullopt);
    note(entry, ledger);
  }
  tidy(group, ledger);
  return false;
}

void MessageLane::tell(Groups::iterator at, Timestamp now, Timestamp calendar, Ledger& ledger) {
  Group& group = at->second;
  Message message{
      .receiver = channel_.name, .group = at->first, .external_url = external_url_, .alerts = {}, .truncated = 0};
  DeliveryQueue::Delivery delivery;
  for (const bool firing : {true, false}) {
    for (auto& [key, entry] : group.entries) {
      if (firing ? !entry.alert->loud() : !(entry.alert->ended() && channel_.resolve)) continue;
      set_due(entry, std::nullopt);
      delivery.told.emplace_back(key, firing);
      if (message.alerts.size() < most_alerts_in_message) {
        message.alerts.push_back({entry.alert, firing});
      } else {
        ++message.truncated;
      }
    }
  }
  delivery.row = {.id = new_id_(),
                  .channel = channel_.name,
                  .group = at->first,
                  .body = {},
                  .alerts = DeliveryQueue::to_text(delivery.told),
                  .first_ms = to_ms(now),
                  .next_ms = to_ms(now),
                  .attempts = 0};
  const auto roots = mail_roots(message, group, delivery.row.id);
  delivery.row.body = compose(message, channel_, delivery.row.id, roots, calendar);
  for (const auto& [key, firing] : delivery.told) note(group.entries.at(key), ledger);
  ledger.delivery(delivery.row);
  group.under_way = true;
  deliveries_.add(std::move(delivery));
  tidy(at, ledger);
}

/// The deliveries of the first mails about these alerts; where there was none, this is the first.
std::vector<std::string> MessageLane::mail_roots(const Message& message, Group& group, const std::string& delivery) {
  std::vector<std::string> roots;
  for (const auto& told : message.alerts) {
    std::string& root = group.entries.at(told.alert->key).mail_root;
    if (root.empty()) root = delivery;
    const bool known = root == delivery || std::find(roots.begin(), roots.end(), root) != roots.end();
    if (!known && roots.size() < most_references) roots.push_back(root);
  }
  return roots;
}

std::optional<Lane::Outgoing> MessageLane::next(Timestamp now, Timestamp) {
  const auto* row = deliveries_.next(now);
  if (row == nullptr) return std::nullopt;
  return Outgoing{row->id, row->body};
}

void MessageLane::done(const Outcome& outcome, Timestamp now, Ledger& ledger) {
  const auto settled = deliveries_.settle(outcome, now);
  if (settled.again) {
    ledger.delivery(*settled.again);
    return report_.retried(outcome);
  }
  const auto& row = settled.over->row;
  const auto& told = settled.over->told;
  const auto group = groups_.find(row.group);
  group->second.under_way = false;
  if (outcome.verdict == Verdict::accepted) {
    report_.sent(outcome);
    settle_accepted(group->second, told, now, ledger);
  } else if (outcome.verdict == Verdict::refused) {
    report_.refused(outcome, row.group);
    settle_lost(group->second, told, now + channel_.repeat, ledger);
  } else {
    report_.failed(outcome, row.group);
    settle_lost(group->second, told, now + again_after_failure, ledger);
  }
  ledger.no_delivery(row.id);
  tidy(group, ledger);
}

void MessageLane::settle_accepted(Group& group, const ToldAlerts& told, Timestamp now, Ledger& ledger) {
  for (const auto& [key, firing] : told) {
    const auto at = group.entries.find(key);
    if (at == group.entries.end()) continue;
    Entry& entry = at->second;
    if (!firing && entry.alert->ended()) {
      erase(group, at, ledger);
      continue;
    }
    const auto due = entry.due;  // of what has changed since
    set_due(entry, std::nullopt);
    entry.said_firing = firing;
    if (entry.alert->loud()) {
      set_due(entry, now + (firing ? channel_.repeat : channel_.group_wait));
    } else if (entry.alert->ended() && channel_.resolve) {
      set_due(entry, std::max(due.value_or(now), now));
    }
    note(entry, ledger);
  }
}

void MessageLane::settle_lost(Group& group, const ToldAlerts& told, Timestamp again, Ledger& ledger) {
  for (const auto& [key, firing] : told) {
    const auto at = group.entries.find(key);
    if (at == group.entries.end()) continue;
    Entry& entry = at->second;
    if (entry.alert->ended() && (!firing || !entry.said_firing)) {
      erase(group, at, ledger);
      continue;
    }
    if (entry.alert->loud()) set_due(entry, again);
    note(entry, ledger);
  }
}

std::optional<Timestamp> MessageLane::due(Timestamp now) {
  std::optional<Timestamp> first;
  const auto consider = [&](Timestamp at) { first = first ? std::min(*first, at) : at; };
  if (!urgent_agenda_.empty()) consider(urgent_agenda_.begin()->first);
  if (!agenda_.empty()) {
    const Timestamp next = agenda_.begin()->first;
    consider(next > now ? next : std::max(next, rate_.ready_at(now)));
  }
  if (const auto next = deliveries_.due()) consider(*next);
  return first;
}

void MessageLane::close(Ledger& ledger) {
  for (const auto& [alert, group] : group_of_) ledger.no_entry(channel_.name, alert);
  for (const auto& id : deliveries_.ids()) ledger.no_delivery(id);
  groups_.clear();
  group_of_.clear();
  agenda_.clear();
  urgent_agenda_.clear();
  report_.depth(0);
}

}  // namespace telltale::notify
