#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/notify_db.hpp"

namespace telltale::notify {

/// What has to be noted down in notify.db before anything else is sent. The last word on each row counts.
class Ledger {
 public:
  using Db = store::NotifyDb;

  void cursor(Db::Cursor cursor) { cursor_ = std::move(cursor); }
  void alert(Db::Alert alert) {
    auto key = alert.key;
    alerts_.insert_or_assign(std::move(key), std::move(alert));
  }
  void no_alert(const std::string& key) { alerts_.insert_or_assign(key, std::nullopt); }
  void entry(Db::Entry entry) {
    auto key = std::pair(entry.channel, entry.alert);
    entries_.insert_or_assign(std::move(key), std::move(entry));
  }
  void no_entry(const std::string& channel, const std::string& alert) {
    entries_.insert_or_assign(std::pair(channel, alert), std::nullopt);
    released_.push_back(alert);
  }
  void delivery(Db::Delivery delivery) {
    auto id = delivery.id;
    deliveries_.insert_or_assign(std::move(id), std::move(delivery));
  }
  void no_delivery(const std::string& id) { deliveries_.insert_or_assign(id, std::nullopt); }

  /// Alerts that a channel has nothing more to say about, since the last call.
  [[nodiscard]] std::vector<std::string> released() { return std::exchange(released_, {}); }

  [[nodiscard]] bool empty() const noexcept {
    return !cursor_ && alerts_.empty() && entries_.empty() && deliveries_.empty();
  }
  [[nodiscard]] Db::Change change() const;
  void clear();

 private:
  std::optional<Db::Cursor> cursor_;
  std::map<std::string, std::optional<Db::Alert>> alerts_;
  std::map<std::pair<std::string, std::string>, std::optional<Db::Entry>> entries_;
  std::map<std::string, std::optional<Db::Delivery>> deliveries_;
  std::vector<std::string> released_;
};

}  // namespace telltale::notify
