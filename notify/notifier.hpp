#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "notify/channel.hpp"
#include "notify/transfer.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "store/notices.hpp"
#include "store/notify_db.hpp"

namespace telltale::notify {

/// The notification thread's work without the thread: takes notices over from state.db, gives them to the channels'
/// lanes, and sends what those have to say.
/// Nothing is sent before notify.db knows of it, nothing is forgotten there before it was sent: a kill repeats a
/// message, with the same id and the same bytes, and loses none.
/// Threads: one; wake the transfer from others.
/// Errors:  what cannot be read or noted down (disk full) is tried again every second; nothing new is sent meanwhile.
class Notifier {
 public:
  struct Surroundings {
    const store::NoticeReader& notices;
    store::NotifyDb& db;
    Transfer& transfer;
    const Clock& clock;
    proto::Logger& log;
    proto::Metrics& metrics;
    std::function<std::string()> new_id;                // of deliveries: unique for ever
    std::function<void(std::uint64_t row)> taken_over;  // these notices are in notify.db
  };
  Notifier(NotifyOptions options, const Surroundings& surroundings);
  ~Notifier();

  /// One round; waits up to `most` for transfers, for what is due, or until the transfer is woken.
  void step(Millis most);
  /// Channels come, go and change. Those that come are told of the alerts that fire already.
  void reload(NotifyOptions options);
  /// A message is being sent at this moment.
  [[nodiscard]] bool sending() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::notify
