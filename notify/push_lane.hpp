#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "notify/lane.hpp"

namespace telltale::notify {

/// Alertmanager, which groups, repeats and silences by itself: it is pushed every alert that fires, at once and then
/// every minute, with an end four minutes ahead; an alert that ended is pushed once more with its real end.
/// A push that fails is made anew, for its times would be old: there is nothing to repeat byte for byte.
/// Alerts that somebody acknowledged or silenced here are not pushed; Alertmanager lets them end by itself.
/// Cost: O(alerts) per push; one push a minute, and one per change that is not under way already.
class PushLane final : public Lane {
 public:
  PushLane(Channel channel, const Surroundings& surroundings);

  [[nodiscard]] const Channel& channel() const noexcept override { return channel_; }
  [[nodiscard]] bool reconfigure(const Channel& channel, const std::string& external_url, Ledger& ledger) override;
  void restore(const store::NotifyDb::Entry& entry, const Alert& alert) override;
  void restore(const store::NotifyDb::Delivery&) override {}  // a push is no row
  [[nodiscard]] bool knows(const std::string& alert) const override { return entries_.contains(alert); }
  void notice(const Alert& alert, Timestamp now, Ledger& ledger) override;
  void flush(Timestamp, Timestamp, Ledger&) override {}
  [[nodiscard]] std::optional<Outgoing> next(Timestamp now, Timestamp calendar) override;
  void done(const Outcome& outcome, Timestamp now, Ledger& ledger) override;
  [[nodiscard]] std::optional<Timestamp> due(Timestamp now) override;
  void close(Ledger& ledger) override;

 private:
  struct Entry {
    const Alert* alert;
    bool said_firing = false;
  };
  using Entries = std::map<std::string, Entry>;

  void note(const Entry& entry, Ledger& ledger) const;
  Entries::iterator erase(Entries::iterator entry, Ledger& ledger);
  void settle(Verdict verdict, Ledger& ledger);
  void not_later_than(Timestamp at);

  Channel channel_;
  std::string external_url_;
  std::function<std::string()> new_id_;
  Report report_;
  Entries entries_;                                      // by alert
  std::vector<std::pair<std::string, bool>> under_way_;  // alert, firing
  std::optional<Timestamp> next_ = {};
  std::optional<Timestamp> failing_since_ = {};
  Timestamp not_before_;  // of a receiver that is away
  std::uint32_t failures_ = 0;
};

}  // namespace telltale::notify
