#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "notify/channel.hpp"
#include "notify/ledger.hpp"
#include "notify/message.hpp"
#include "notify/report.hpp"
#include "notify/transfer.hpp"
#include "store/notify_db.hpp"

namespace telltale::notify {

/// One channel's work: which alerts it has to speak of, when, and what is on its way. At most one request at a time.
/// Times are on the notifier's own scale, which no clock step moves.
/// Threads: the notification thread's. Alerts that are handed in live as long as the lane knows() them.
class Lane {
 public:
  struct Surroundings {
    std::string external_url;
    std::function<std::string()> new_id;  // of deliveries
    proto::Logger& log;
    proto::Metrics& metrics;
  };
  struct Outgoing {
    std::string delivery, body;
  };

  virtual ~Lane() = default;
  [[nodiscard]] virtual const Channel& channel() const noexcept = 0;
  /// Other routing or another receiver. False: so different that it takes another lane.
  [[nodiscard]] virtual bool reconfigure(const Channel& channel, const std::string& external_url, Ledger& ledger) = 0;

  // What an earlier run left behind.
  virtual void restore(const store::NotifyDb::Entry& entry, const Alert& alert) = 0;
  virtual void restore(const store::NotifyDb::Delivery& delivery) = 0;

  [[nodiscard]] virtual bool knows(const std::string& alert) const = 0;
  /// The alert is new or has changed.
  virtual void notice(const Alert& alert, Timestamp now, Ledger& ledger) = 0;
  /// Makes messages of what is due. `calendar`: what the clock on the wall says.
  virtual void flush(Timestamp now, Timestamp calendar, Ledger& ledger) = 0;
  /// What to send now; it is under way until done().
  [[nodiscard]] virtual std::optional<Outgoing> next(Timestamp now, Timestamp calendar) = 0;
  virtual void done(const Outcome& outcome, Timestamp now, Ledger& ledger) = 0;
  /// When flush() or next() will have something to do.
  [[nodiscard]] virtual std::optional<Timestamp> due(Timestamp now) = 0;
  /// The channel is gone: forgets everything.
  virtual void close(Ledger& ledger) = 0;
};

[[nodiscard]] std::unique_ptr<Lane> make_lane(const Channel& channel, const Lane::Surroundings& surroundings);

}  // namespace telltale::notify
