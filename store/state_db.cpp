#include "store/state_db.hpp"

#include <array>
#include <atomic>
#include <mutex>

#include "store/migrations.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

namespace {

// A step that was released is never changed.
constexpr std::array<const char*, 3> migrations = {
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
    // What the payload says as columns: they cost no room.
    R"sql(
    ALTER TABLE alert_history ADD COLUMN reason TEXT NOT NULL DEFAULT '';
    ALTER TABLE alert_history ADD COLUMN time TEXT AS (json_extract(payload, '$.time'));
    ALTER TABLE alert_history ADD COLUMN state TEXT AS (json_extract(payload, '$.state'));
    ALTER TABLE alert_history ADD COLUMN active INTEGER AS (json_extract(payload, '$.active'));
    ALTER TABLE alert_history ADD COLUMN severity TEXT AS (json_extract(payload, '$.severity'));
    ALTER TABLE alert_history ADD COLUMN site TEXT AS (json_extract(payload, '$.site'));
    ALTER TABLE alert_history ADD COLUMN device TEXT AS (json_extract(payload, '$.device'));
    ALTER TABLE alert_history ADD COLUMN rule TEXT AS (json_extract(payload, '$.rule'));
    ALTER TABLE alert_history ADD COLUMN metric TEXT AS (json_extract(payload, '$.metric'));
    ALTER TABLE alert_history ADD COLUMN value REAL AS (json_extract(payload, '$.value'));
    ALTER TABLE alert_history ADD COLUMN threshold REAL AS (json_extract(payload, '$.threshold'));
    ALTER TABLE alert_history ADD COLUMN started_ts INTEGER AS (json_extract(payload, '$.started_ts'));
    ALTER TABLE alert_history ADD COLUMN count INTEGER AS (json_extract(payload, '$.count'));
    ALTER TABLE alert_history ADD COLUMN summary TEXT AS (json_extract(payload, '$.summary'));
    ALTER TABLE alert_history ADD COLUMN who TEXT AS (json_extract(payload, '$.by'));
    ALTER TABLE alert_history ADD COLUMN comment TEXT AS (json_extract(payload, '$.comment'));
    ALTER TABLE alert_history ADD COLUMN runbook TEXT AS (json_extract(payload, '$.runbook'));
    CREATE INDEX alert_history_ts ON alert_history(ts);
    CREATE TABLE alert_open(  -- the newest transition of every alert that is not over
      id TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO alert_open SELECT id, row FROM alert_history AS h
      WHERE active = 1 AND n = (SELECT max(n) FROM alert_history WHERE id = h.id);
    CREATE VIEW alert_active AS SELECT alert_history.* FROM alert_open JOIN alert_history USING(row);
    CREATE TABLE silence(  -- waiting and active silences, active maintenance windows
      kind TEXT NOT NULL, tenant TEXT NOT NULL, name TEXT NOT NULL,
      site TEXT NOT NULL, device TEXT NOT NULL, metric TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL,
      from_ts INTEGER NOT NULL, until_ts INTEGER NOT NULL, who TEXT NOT NULL, comment TEXT NOT NULL,
      active INTEGER NOT NULL, PRIMARY KEY(kind, tenant, name)) WITHOUT ROWID;
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
      "INSERT INTO alert_history(id, n, ts, tenant, topic, payload, reason) VALUES(?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(id, n) DO NOTHING");
  Statement set_open = statement("INSERT OR REPLACE INTO alert_open VALUES(?, ?)");
  Statement set_over = statement("DELETE FROM alert_open WHERE id = ?");
  Statement delete_history = statement(
      "DELETE FROM alert_history WHERE row IN (SELECT row FROM alert_history WHERE ts < ? "
      "AND id NOT IN (SELECT id FROM alert_open) ORDER BY ts LIMIT ?)");
  Statement set_silence = statement("INSERT OR REPLACE INTO silence VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Statement delete_silence = statement("DELETE FROM silence WHERE kind = ? AND tenant = ? AND name = ?");
  Statement delete_silences = statement("DELETE FROM silence");
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

  void add(const HistoryRow& row);
  void add(const proto::SilenceState& silence);

  using Lock = std::lock_guard<std::recursive_mutex>;
};

void StateDb::Impl::add(const HistoryRow& row) {
  insert_history.run(row.id, row.n, row.ts_ms, row.tenant, row.topic, row.payload, row.reason);
  if (database.changes() == 0) return;  // it was there
  if (row.active) {
    set_open.run(row.id, database.last_insert_rowid());
  } else {
    set_over.run(row.id);
  }
}

void StateDb::Impl::add(const proto::SilenceState& s) {
  using State = proto::SilenceState;
  const std::string_view kind = s.kind == State::Kind::maintenance ? "maintenance" : "silence";
  if (s.phase == State::Phase::over) return delete_silence.run(kind, s.tenant, s.name);
  const auto& p = s.pattern;
  set_silence.run(kind, s.tenant, s.name, p.site, p.device, p.metric, p.rule, p.severity, to_ms(s.from), to_ms(s.until),
                  s.by, s.comment, s.phase == State::Phase::active);
}

StateDb::StateDb(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
StateDb::~StateDb() = default;
StateDb::StateDb(StateDb&&) noexcept = default;

void StateDb::apply(const Change& change) {
  const Impl::Lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  for (const QueuedEvent& event : change.events) impl_->insert_event.run(event.topic, event.payload, event.expiry_s);
  for (const TableTopic& topic : change.topics) topic_changed(topic);
  for (const HistoryRow& row : change.history) impl_->add(row);
  if (change.forget_silences) impl_->delete_silences.run();
  for (const auto& silence : change.silences) impl_->add(silence);
  for (const Notice& notice : change.notices) impl_->insert_notice.run(notice.tenant, notice.payload);
  for (const auto& [key, value] : change.facts) impl_->set_meta.run(key, value);
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

std::size_t StateDb::forget_history(Timestamp before, std::size_t most) {
  const Impl::Lock lock(impl_->mutex);
  impl_->delete_history.run(to_ms(before), most);
  return static_cast<std::size_t>(impl_->database.changes());
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
