#include "store/state_db.hpp"

#include <array>
#include <atomic>
#include <mutex>

#include "store/migrations.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

namespace {

// A step that was released is never changed.
constexpr std::array<const char*, 2> migrations = {
    R"sql(
    CREATE TABLE queued_event(
      row INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a cursor may stand on a deleted row
      topic TEXT NOT NULL, payload TEXT NOT NULL, expiry_s INTEGER NOT NULL);
    CREATE TABLE topic(
      row INTEGER PRIMARY KEY,
      topic TEXT NOT NULL UNIQUE, payload TEXT NOT NULL,
      version INTEGER NOT NULL, version_sent INTEGER NOT NULL,
      remove_after_send INTEGER NOT NULL, expiry_s INTEGER NOT NULL);
    CREATE INDEX topic_unsent ON topic(row) WHERE version > version_sent;
    CREATE TABLE alert_history(
      row INTEGER PRIMARY KEY,
      id TEXT NOT NULL, n INTEGER NOT NULL, ts INTEGER NOT NULL,
      tenant TEXT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL, UNIQUE(id, n));
    CREATE TABLE checkpoint(
      one INTEGER PRIMARY KEY CHECK(one = 1),
      generation INTEGER NOT NULL, sequence INTEGER NOT NULL, value BLOB NOT NULL);
    CREATE TABLE emitted_upto(
      one INTEGER PRIMARY KEY CHECK(one = 1),
      generation INTEGER NOT NULL, sequence INTEGER NOT NULL, finding INTEGER NOT NULL);
    CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    )sql",
    R"sql(
    CREATE TABLE notice(
      row INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: notify.db has a cursor
      tenant TEXT NOT NULL, payload TEXT NOT NULL);
    INSERT INTO meta VALUES('notice.epoch', hex(randomblob(8)));  -- tells this file's rows from another's
    )sql",
};

Database open_and_migrate(const std::filesystem::path& file) {
  Database database(file, Database::Mode::full);
  migrate(database, migrations);
  return database;
}

std::uint64_t unsigned_column(const Statement::Rows& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

StateDb::TableTopic topic_row(const Statement::Rows& row) {
  return {.topic = std::string(row.text(0)),
          .payload = std::string(row.text(1)),
          .version = unsigned_column(row, 2),
          .version_sent = unsigned_column(row, 3),
          .remove_after_send = row.integer(4) != 0,
          .expiry_s = static_cast<std::uint32_t>(row.integer(5))};
}

StateDb::HistoryRow history_row(const Statement::Rows& row) {
  return {.id = std::string(row.text(0)),
          .n = static_cast<std::uint32_t>(row.integer(1)),
          .ts_ms = row.integer(2),
          .tenant = std::string(row.text(3)),
          .topic = std::string(row.text(4)),
          .payload = std::string(row.text(5))};
}

}  // namespace

struct StateDb::Impl {
  explicit Impl(const std::filesystem::path& file) : database(open_and_migrate(file)) {}

  Statement statement(std::string_view sql) { return Statement(database, sql); }

  // put() and get() come from other threads; a connection is one thread's at a time.
  std::recursive_mutex mutex;
  Database database;

  Statement insert_event = statement("INSERT INTO queued_event(topic, payload, expiry_s) VALUES(?, ?, ?)");
  Statement upsert_topic = statement(
      "INSERT INTO topic(topic, payload, version, version_sent, remove_after_send, expiry_s) VALUES(?, ?, 1, 0, ?, ?) "
      "ON CONFLICT(topic) DO UPDATE SET payload = excluded.payload, version = version + 1, "
      "remove_after_send = excluded.remove_after_send, expiry_s = excluded.expiry_s");
  Statement insert_history = statement(
      "INSERT INTO alert_history(id, n, ts, tenant, topic, payload) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id, n) DO "
      "NOTHING");
  Statement insert_notice = statement("INSERT INTO notice(tenant, payload) VALUES(?, ?)");
  Statement delete_notices = statement("DELETE FROM notice WHERE row <= ?");
  Statement set_emitted = statement("INSERT OR REPLACE INTO emitted_upto VALUES(1, ?, ?, ?)");
  Statement get_emitted = statement("SELECT generation, sequence, finding FROM emitted_upto");
  Statement select_events =
      statement("SELECT row, topic, payload, expiry_s FROM queued_event WHERE row > ? ORDER BY row LIMIT ?");
  Statement delete_events = statement("DELETE FROM queued_event WHERE row <= ?");
  Statement select_unsent = statement(
      "SELECT topic, payload, version, version_sent, remove_after_send, expiry_s FROM topic "
      "WHERE version > version_sent ORDER BY row LIMIT ?");
  Statement select_topics =
      statement("SELECT topic, payload, version, version_sent, remove_after_send, expiry_s FROM topic ORDER BY row");
  Statement select_topic =
      statement("SELECT topic, payload, version, version_sent, remove_after_send, expiry_s FROM topic WHERE topic = ?");
  Statement mark_sent = statement("UPDATE topic SET version_sent = max(version_sent, ?2) WHERE topic = ?1");
  Statement forget_sent =
      statement("DELETE FROM topic WHERE topic = ? AND remove_after_send <> 0 AND version = version_sent");
  Statement mark_stale = statement("UPDATE topic SET version = version + 1 WHERE topic = ? AND version = version_sent");
  Statement set_checkpoint = statement("INSERT OR REPLACE INTO checkpoint VALUES(1, ?, ?, ?)");
  Statement get_checkpoint = statement("SELECT generation, sequence, value FROM checkpoint");
  Statement select_history = statement("SELECT id, n, ts, tenant, topic, payload FROM alert_history ORDER BY row");
  Statement select_newest =
      statement("SELECT id, n, ts, tenant, topic, payload FROM alert_history WHERE id = ? ORDER BY n DESC LIMIT 1");
  Statement select_transition = statement("SELECT 1 FROM alert_history WHERE id = ? AND n = ?");
  Statement set_meta = statement("INSERT OR REPLACE INTO meta VALUES(?, ?)");
  Statement get_meta = statement("SELECT value FROM meta WHERE key = ?");
  Statement count_events = statement("SELECT count(*) FROM queued_event");
  Statement count_unsent = statement("SELECT count(*) FROM topic WHERE version > version_sent");

  std::function<void()> on_notices;
  std::atomic<std::uint64_t> notices_taken{0};
  std::uint64_t notices_deleted = 0;

  using Lock = std::lock_guard<std::recursive_mutex>;
};

StateDb::StateDb(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
StateDb::~StateDb() = default;
StateDb::StateDb(StateDb&&) noexcept = default;

void StateDb::apply(const Change& change) {
  const Impl::Lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  for (const QueuedEvent& event : change.events) impl_->insert_event.run(event.topic, event.payload, event.expiry_s);
  for (const TableTopic& topic : change.topics) topic_changed(topic);
  for (const HistoryRow& row : change.history) {
    impl_->insert_history.run(row.id, row.n, row.ts_ms, row.tenant, row.topic, row.payload);
  }
  for (const Notice& notice : change.notices) impl_->insert_notice.run(notice.tenant, notice.payload);
  const std::uint64_t taken = impl_->notices_taken.load(std::memory_order_relaxed);
  if (taken != impl_->notices_deleted) impl_->delete_notices.run(taken);
  const auto& [position, index] = change.emitted_upto;
  impl_->set_emitted.run(position.generation, position.sequence, index);
  transaction.commit();
  impl_->notices_deleted = taken;
  if (!change.notices.empty() && impl_->on_notices) impl_->on_notices();
}

void StateDb::on_notices(std::function<void()> call) { impl_->on_notices = std::move(call); }

void StateDb::notices_taken(std::uint64_t upto_row) noexcept {
  impl_->notices_taken.store(upto_row, std::memory_order_relaxed);
}

std::optional<FindingPosition> StateDb::emitted_upto() const {
  const Impl::Lock lock(impl_->mutex);
  auto row = impl_->get_emitted.query();
  if (!row.next()) return std::nullopt;
  return FindingPosition{{unsigned_column(row, 0), unsigned_column(row, 1)},
                         static_cast<std::uint32_t>(row.integer(2))};
}

std::vector<StateDb::QueuedEvent> StateDb::queued(std::uint64_t after_row, std::size_t limit) const {
  const Impl::Lock lock(impl_->mutex);
  std::vector<QueuedEvent> events;
  for (auto row = impl_->select_events.query(after_row, limit); row.next();) {
    events.push_back({unsigned_column(row, 0), std::string(row.text(1)), std::string(row.text(2)),
                      static_cast<std::uint32_t>(row.integer(3))});
  }
  return events;
}

void StateDb::delivered(std::uint64_t row) {
  const Impl::Lock lock(impl_->mutex);
  impl_->delete_events.run(row);
}

std::vector<StateDb::TableTopic> StateDb::unsent_topics(std::size_t limit) const {
  const Impl::Lock lock(impl_->mutex);
  std::vector<TableTopic> topics;
  for (auto row = impl_->select_unsent.query(limit); row.next();) topics.push_back(topic_row(row));
  return topics;
}

std::vector<StateDb::TableTopic> StateDb::all_topics() const {
  const Impl::Lock lock(impl_->mutex);
  std::vector<TableTopic> topics;
  for (auto row = impl_->select_topics.query(); row.next();) topics.push_back(topic_row(row));
  return topics;
}

std::optional<StateDb::TableTopic> StateDb::topic(std::string_view topic) const {
  const Impl::Lock lock(impl_->mutex);
  auto row = impl_->select_topic.query(topic);
  if (!row.next()) return std::nullopt;
  return topic_row(row);
}

void StateDb::topic_sent(std::string_view topic, std::uint64_t version) {
  together([&] {
    impl_->mark_sent.run(topic, version);
    impl_->forget_sent.run(topic);
  });
}

void StateDb::topic_changed(const TableTopic& topic) {
  const Impl::Lock lock(impl_->mutex);
  impl_->upsert_topic.run(topic.topic, topic.payload, topic.remove_after_send, topic.expiry_s);
}

void StateDb::topic_stale(std::string_view topic) {
  const Impl::Lock lock(impl_->mutex);
  impl_->mark_stale.run(topic);
}

void StateDb::together(const std::function<void()>& changes) {
  const Impl::Lock lock(impl_->mutex);
  if (impl_->database.in_transaction()) return changes();
  Transaction transaction(impl_->database);
  changes();
  transaction.commit();
}

void StateDb::save_checkpoint(const Checkpoint& checkpoint) {
  const Impl::Lock lock(impl_->mutex);
  impl_->set_checkpoint.run(checkpoint.position.generation, checkpoint.position.sequence, Blob{checkpoint.value});
}

std::optional<StateDb::Checkpoint> StateDb::load_checkpoint() const {
  const Impl::Lock lock(impl_->mutex);
  auto row = impl_->get_checkpoint.query();
  if (!row.next()) return std::nullopt;
  return Checkpoint{{unsigned_column(row, 0), unsigned_column(row, 1)}, std::string(row.blob(2))};
}

std::vector<StateDb::HistoryRow> StateDb::history() const {
  const Impl::Lock lock(impl_->mutex);
  std::vector<HistoryRow> rows;
  for (auto row = impl_->select_history.query(); row.next();) rows.push_back(history_row(row));
  return rows;
}

bool StateDb::has_transition(std::string_view id, std::uint32_t n) const {
  const Impl::Lock lock(impl_->mutex);
  return impl_->select_transition.query(id, n).next();
}

std::optional<StateDb::HistoryRow> StateDb::newest_transition(std::string_view id) const {
  const Impl::Lock lock(impl_->mutex);
  auto row = impl_->select_newest.query(id);
  if (!row.next()) return std::nullopt;
  return history_row(row);
}

StateDb::Backlog StateDb::backlog() const {
  const Impl::Lock lock(impl_->mutex);
  const auto count = [](Statement& statement) {
    auto row = statement.query();
    return row.next() ? static_cast<std::size_t>(row.integer(0)) : std::size_t{0};
  };
  return {.events = count(impl_->count_events), .topics = count(impl_->count_unsent)};
}

void StateDb::put(std::string_view key, std::string_view value) {
  const Impl::Lock lock(impl_->mutex);
  impl_->set_meta.run(key, Blob{value});
}

std::optional<std::string> StateDb::get(std::string_view key) const {
  const Impl::Lock lock(impl_->mutex);
  auto row = impl_->get_meta.query(key);
  if (!row.next()) return std::nullopt;
  return std::string(row.blob(0));
}

}  // namespace telltale::store
