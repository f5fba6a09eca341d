#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace telltale::store {

/// notify.db: what notification channels must remember over a restart. One connection, one writer: the notification
/// thread, so that what a channel notes down never makes alerting wait for a sync.
/// Threads: one. Errors: StoreFailure; the change was not made and can be made again.
/// Cost:    one sync per change (WAL, FULL).
class NotifyDb {
 public:
  struct Cursor {  // the newest notice of state.db that is taken over
    std::string epoch;
    std::uint64_t row = 0;
  };
  struct Alert {  // an alert that is active, or that a channel still owes a word
    std::string key, tenant, payload;
  };
  struct Entry {  // what one channel has said of one alert, and when it has to say more
    std::string channel, alert;
    bool said_firing = false;
    std::optional<std::int64_t> due_ms;
    std::string mail_root;  // the delivery of the first mail about it
  };
  struct Delivery {  // one message on its way; its bytes never change
    std::string id, channel, group, body;
    std::string alerts;  // what it says: "f KEY" or "r KEY" a line
    std::int64_t first_ms = 0, next_ms = 0;
    std::uint32_t attempts = 0;
  };
  /// What belongs together, in one transaction.
  struct Change {
    std::optional<Cursor> cursor;
    std::vector<Alert> alerts;
    std::vector<std::string> gone_alerts;
    std::vector<Entry> entries, gone_entries;
    std::vector<Delivery> deliveries;
    std::vector<std::string> gone_deliveries;

    [[nodiscard]] bool empty() const noexcept;
  };
  struct Content {
    std::optional<Cursor> cursor;
    std::vector<Alert> alerts;
    std::vector<Entry> entries;
    std::vector<Delivery> deliveries;  // in the order of their making
  };

  explicit NotifyDb(const std::filesystem::path& file);  // throws StoreFailure
  ~NotifyDb();

  [[nodiscard]] Content load() const;
  void apply(const Change& change);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
