#include "store/notify_db.hpp"

#include <array>

#include "store/migrations.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

namespace {

// A step that was released is never changed.
constexpr std::array<const char*, 1> migrations = {
    R"sql(
    CREATE TABLE cursor(one INTEGER PRIMARY KEY CHECK(one = 1), epoch TEXT NOT NULL, notice INTEGER NOT NULL);
    CREATE TABLE alert(key TEXT PRIMARY KEY, tenant TEXT NOT NULL, payload TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE entry(
      channel TEXT NOT NULL, alert TEXT NOT NULL, said_firing INTEGER NOT NULL, due INTEGER, mail_root TEXT NOT NULL,
      PRIMARY KEY(channel, alert)) WITHOUT ROWID;
    CREATE TABLE delivery(
      row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, grp TEXT NOT NULL, body BLOB NOT NULL,
      alerts TEXT NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL, attempts INTEGER NOT NULL);
    )sql",
};

Database open_and_migrate(const std::filesystem::path& file) {
  Database database(file, Database::Mode::full);
  migrate(database, migrations);
  return database;
}

}  // namespace

bool NotifyDb::Change::empty() const noexcept {
  return !cursor && alerts.empty() && gone_alerts.empty() && entries.empty() && gone_entries.empty() &&
         deliveries.empty() && gone_deliveries.empty();
}

struct NotifyDb::Impl {
  explicit Impl(const std::filesystem::path& file) : database(open_and_migrate(file)) {}
  Database database;

  Statement set_cursor{database, "INSERT OR REPLACE INTO cursor VALUES(1, ?, ?)"};
  Statement get_cursor{database, "SELECT epoch, notice FROM cursor"};
  Statement set_alert{database, "INSERT OR REPLACE INTO alert VALUES(?, ?, ?)"};
  Statement delete_alert{database, "DELETE FROM alert WHERE key = ?"};
  Statement get_alerts{database, "SELECT key, tenant, payload FROM alert"};
  Statement set_entry{database, "INSERT OR REPLACE INTO entry VALUES(?, ?, ?, ?, ?)"};
  Statement delete_entry{database, "DELETE FROM entry WHERE channel = ? AND alert = ?"};
  Statement get_entries{database, "SELECT channel, alert, said_firing, due, mail_root FROM entry"};
  Statement set_delivery{
      database,
      "INSERT INTO delivery(id, channel, grp, body, alerts, first, next, attempts) VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(id) DO UPDATE SET next = excluded.next, attempts = excluded.attempts"};
  Statement delete_delivery{database, "DELETE FROM delivery WHERE id = ?"};
  Statement get_deliveries{database,
                           "SELECT id, channel, grp, body, alerts, first, next, attempts FROM delivery ORDER BY row"};
};

NotifyDb::NotifyDb(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
NotifyDb::~NotifyDb() = default;

NotifyDb::Content NotifyDb::load() const {
  Content all;
  const auto text = [](const Statement::Rows& row, int column) { return std::string(row.text(column)); };
  if (auto row = impl_->get_cursor.query(); row.next()) {
    all.cursor = Cursor{text(row, 0), static_cast<std::uint64_t>(row.integer(1))};
  }
  for (auto row = impl_->get_alerts.query(); row.next();) {
    all.alerts.push_back({text(row, 0), text(row, 1), text(row, 2)});
  }
  for (auto row = impl_->get_entries.query(); row.next();) {
    all.entries.push_back({text(row, 0), text(row, 1), row.integer(2) != 0,
                           row.null(3) ? std::nullopt : std::optional(row.integer(3)), text(row, 4)});
  }
  for (auto row = impl_->get_deliveries.query(); row.next();) {
    all.deliveries.push_back({.id = text(row, 0),
                              .channel = text(row, 1),
                              .group = text(row, 2),
                              .body = std::string(row.blob(3)),
                              .alerts = text(row, 4),
                              .first_ms = row.integer(5),
                              .next_ms = row.integer(6),
                              .attempts = static_cast<std::uint32_t>(row.integer(7))});
  }
  return all;
}

void NotifyDb::apply(const Change& change) {
  if (change.empty()) return;
  Impl& db = *impl_;
  Transaction transaction(db.database);
  if (change.cursor) db.set_cursor.run(change.cursor->epoch, change.cursor->row);
  for (const auto& alert : change.alerts) db.set_alert.run(alert.key, alert.tenant, alert.payload);
  for (const auto& key : change.gone_alerts) db.delete_alert.run(key);
  for (const auto& e : change.entries) db.set_entry.run(e.channel, e.alert, e.said_firing, e.due_ms, e.mail_root);
  for (const auto& e : change.gone_entries) db.delete_entry.run(e.channel, e.alert);
  for (const auto& d : change.deliveries) {
    db.set_delivery.run(d.id, d.channel, d.group, Blob{d.body}, d.alerts, d.first_ms, d.next_ms, d.attempts);
  }
  for (const auto& id : change.gone_deliveries) db.delete_delivery.run(id);
  transaction.commit();
}

}  // namespace telltale::store
