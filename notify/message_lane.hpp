#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "notify/delivery_queue.hpp"
#include "notify/lane.hpp"
#include "notify/rate_limit.hpp"

namespace telltale::notify {

/// Channels that are told once, and again when something changes (all but Alertmanager push).
///   A group waits `group_wait` from its first change, then one message tells of all its alerts that fire, and of those
///   that ended and whose firing was told. An alert that fires and ends within the wait is told of only when the
///   message goes out for another one, as Alertmanager does. While alerts fire they are repeated every `repeat`.
///   One message of a group at a time: what changes while it is tried again waits for it, and is one message then.
/// Cost: O(alerts of the group) per change.
class MessageLane final : public Lane {
 public:
  MessageLane(Channel channel, const Surroundings& surroundings);

  [[nodiscard]] const Channel& channel() const noexcept override { return channel_; }
  [[nodiscard]] bool reconfigure(const Channel& channel, const std::string& external_url, Ledger& ledger) override;
  void restore(const store::NotifyDb::Entry& entry, const Alert& alert) override;
  void restore(const store::NotifyDb::Delivery& delivery) override;
  [[nodiscard]] bool knows(const std::string& alert) const override { return group_of_.contains(alert); }
  void notice(const Alert& alert, Timestamp now, Ledger& ledger) override;
  void flush(Timestamp now, Timestamp calendar, Ledger& ledger) override;
  [[nodiscard]] std::optional<Outgoing> next(Timestamp now, Timestamp calendar) override;
  void done(const Outcome& outcome, Timestamp now, Ledger& ledger) override;
  [[nodiscard]] std::optional<Timestamp> due(Timestamp now) override;
  void close(Ledger& ledger) override;

 private:
  struct Entry {
    const Alert* alert;
    bool said_firing = false;
    std::optional<Timestamp> due = {};
    std::string mail_root = {};
  };
  struct Group {
    std::map<std::string, Entry> entries;  // by alert
    bool under_way = false;                // a message of it waits or is being sent
    std::optional<Timestamp> planned;      // its place in the agenda
    bool urgent = false;                   // of which agenda
  };
  using ToldAlerts = std::vector<std::pair<std::string, bool>>;  // alert, firing
  /// Groups by their next due time, without those under way.
  using Agenda = std::set<std::pair<Timestamp, std::string>>;
  using Groups = std::map<std::string, Group>;

  [[nodiscard]] std::string group_name(const Alert& alert) const;
  [[nodiscard]] std::size_t waiting() const noexcept { return unsaid_due_ + deliveries_.size(); }
  void set_due(Entry& entry, std::optional<Timestamp> due);
  void note(const Entry& entry, Ledger& ledger) const;
  std::map<std::string, Entry>::iterator erase(Group& group, std::map<std::string, Entry>::iterator entry,
                                               Ledger& ledger);
  void plan(const std::string& name, Group& group);
  void tidy(Groups::iterator group, Ledger& ledger);
  [[nodiscard]] Agenda& agenda_of(const Group& group) { return group.urgent ? urgent_agenda_ : agenda_; }
  [[nodiscard]] bool worth_telling(const Group& group, Timestamp now) const;
  bool tell_if_due(const Agenda& agenda, Timestamp now, Timestamp calendar, Ledger& ledger);
  void tell(Groups::iterator group, Timestamp now, Timestamp calendar, Ledger& ledger);
  [[nodiscard]] static std::vector<std::string> mail_roots(const Message& message, Group& group,
                                                           const std::string& delivery);
  void settle_accepted(Group& group, const ToldAlerts& told, Timestamp now, Ledger& ledger);
  void settle_lost(Group& group, const ToldAlerts& told, Timestamp again, Ledger& ledger);

  Channel channel_;
  std::string external_url_;
  std::function<std::string()> new_id_;
  Report report_;
  RateLimit rate_;
  Groups groups_;
  std::map<std::string, std::string> group_of_;  // alert → group
  Agenda agenda_, urgent_agenda_;
  DeliveryQueue deliveries_;
  std::size_t unsaid_due_ = 0;
};

}  // namespace telltale::notify
