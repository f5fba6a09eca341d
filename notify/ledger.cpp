#include "notify/ledger.hpp"

namespace telltale::notify {

store::NotifyDb::Change Ledger::change() const {
  Db::Change change;
  change.cursor = cursor_;
  for (const auto& [key, alert] : alerts_) {
    if (alert) {
      change.alerts.push_back(*alert);
    } else {
      change.gone_alerts.push_back(key);
    }
  }
  for (const auto& [key, entry] : entries_) {
    if (entry) {
      change.entries.push_back(*entry);
    } else {
      change.gone_entries.push_back({.channel = key.first, .alert = key.second, .due_ms = {}, .mail_root = {}});
    }
  }
  for (const auto& [id, delivery] : deliveries_) {
    if (delivery) {
      change.deliveries.push_back(*delivery);
    } else {
      change.gone_deliveries.push_back(id);
    }
  }
  return change;
}

void Ledger::clear() {
  cursor_.reset();
  alerts_.clear();
  entries_.clear();
  deliveries_.clear();
}

}  // namespace telltale::notify
