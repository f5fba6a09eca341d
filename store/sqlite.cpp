#include "store/sqlite.hpp"

#include <sqlite3.h>

#include <system_error>
#include <utility>

namespace telltale::store {

namespace {

constexpr int busy_timeout_ms = 10'000;

/// file:… needs ?, # and % escaped; everything else may stand.
std::string uri_of(const std::filesystem::path& file, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    if (c == '?') {
      uri += "%3f";
    } else if (c == '#') {
      uri += "%23";
    } else if (c == '%') {
      uri += "%25";
    } else {
      uri += c;
    }
  }
  return uri + std::string(parameters);
}

}  // namespace

bool DatabaseError::disk_full() const noexcept { return (code_ & 0xFF) == SQLITE_FULL; }
bool DatabaseError::corrupt() const noexcept {
  return (code_ & 0xFF) == SQLITE_CORRUPT || (code_ & 0xFF) == SQLITE_NOTADB;
}
bool DatabaseError::cannot_open() const noexcept { return (code_ & 0xFF) == SQLITE_CANTOPEN; }

void Database::Close::operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }

Database::Database(const std::filesystem::path& file, Mode mode) : file_(file) {
  if (mode == Mode::immutable) {
    open(uri_of(file, "?immutable=1"), SQLITE_OPEN_READONLY);
    return;
  }
  if (mode == Mode::build) {
    open(uri_of(file, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    exec("pragma journal_mode=off; pragma synchronous=off; pragma locking_mode=exclusive");
    return;
  }
  if (mode != Mode::read_only) {
    open(uri_of(file, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    exec("pragma journal_mode=wal");
    exec(mode == Mode::full ? "pragma synchronous=full" : "pragma synchronous=normal");
    return;
  }
  try {
    open(uri_of(file, ""), SQLITE_OPEN_READONLY);
    exec("select count(*) from sqlite_schema");
  } catch (const DatabaseError& error) {
    // No -shm can be made beside the file (read-only file system). Without a WAL the file itself is complete.
    std::error_code ignored;
    const auto wal = std::filesystem::file_size(file.string() + "-wal", ignored);
    if (!error.cannot_open() || (!ignored && wal > 0) || !std::filesystem::exists(file)) throw;
    open(uri_of(file, "?immutable=1"), SQLITE_OPEN_READONLY);
  }
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

void Database::open(const std::string& uri, int flags) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(uri.c_str(), &raw, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(raw);
  if (rc != SQLITE_OK) fail("open");
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, busy_timeout_ms);
}

void Database::exec(const std::string& sql) {
  if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

std::int64_t Database::number(const std::string& sql) {
  Statement statement(*this, sql);
  auto rows = statement.query();
  return rows.next() ? rows.integer(0) : 0;
}

std::int64_t Database::last_insert_rowid() const noexcept { return sqlite3_last_insert_rowid(db_.get()); }
std::int64_t Database::changes() const noexcept { return sqlite3_changes64(db_.get()); }

void Database::checkpoint() {
  // Busy readers only postpone the rest to the next checkpoint.
  const int rc = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (rc != SQLITE_OK && rc != SQLITE_BUSY) fail("checkpoint");
}

std::optional<std::string> Database::quick_check() {
  Statement check(*this, "pragma quick_check(1)");
  auto row = check.query();
  if (!row.next()) return "no answer";
  if (row.text(0) == "ok") return std::nullopt;
  return std::string(row.text(0));
}

bool Database::in_transaction() const noexcept { return sqlite3_get_autocommit(db_.get()) == 0; }

void Database::fail(std::string_view doing) const {
  const int code = db_ ? sqlite3_extended_errcode(db_.get()) : SQLITE_NOMEM;
  const char* message = db_ ? sqlite3_errmsg(db_.get()) : "out of memory";
  throw DatabaseError(file_.string() + ": " + message + " (" + std::string(doing.substr(0, 80)) + ")", code);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) : file_(database.file_.string()) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(database.db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                         nullptr) != SQLITE_OK)
    database.fail(sql);
  statement_.reset(raw);
}

Statement::~Statement() = default;
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;

void Statement::bind_null(int index) {
  if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) fail("bind");
}
void Statement::bind_integer(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK) fail("bind");
}
void Statement::bind_real(int index, double value) {
  if (sqlite3_bind_double(statement_.get(), index, value) != SQLITE_OK) fail("bind");
}

// The destructor arguments are SQLite's own macros, which are C casts.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
void Statement::bind_text(int index, std::string_view value, bool copy) {
  const char* data = value.data() != nullptr ? value.data() : "";
  if (sqlite3_bind_text64(statement_.get(), index, data, value.size(), copy ? SQLITE_TRANSIENT : SQLITE_STATIC,
                          SQLITE_UTF8) != SQLITE_OK)
    fail("bind");
}
void Statement::bind_blob(int index, std::string_view value, bool copy) {
  const char* data = value.data() != nullptr ? value.data() : "";
  if (sqlite3_bind_blob64(statement_.get(), index, data, value.size(), copy ? SQLITE_TRANSIENT : SQLITE_STATIC) !=
      SQLITE_OK)
    fail("bind");
}
#pragma GCC diagnostic pop

bool Statement::step() {
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc != SQLITE_DONE) fail("step");
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

void Statement::fail(std::string_view doing) const {
  sqlite3* db = sqlite3_db_handle(statement_.get());
  const int code = sqlite3_extended_errcode(db);
  throw DatabaseError(file_ + ": " + sqlite3_errmsg(db) + " (" + std::string(doing) + ": " +
                          std::string(sqlite3_sql(statement_.get())).substr(0, 80) + ")",
                      code);
}

bool Statement::Rows::null(int column) const {
  return sqlite3_column_type(statement_->statement_.get(), column) == SQLITE_NULL;
}
std::int64_t Statement::Rows::integer(int column) const {
  return sqlite3_column_int64(statement_->statement_.get(), column);
}
double Statement::Rows::real(int column) const { return sqlite3_column_double(statement_->statement_.get(), column); }
std::string_view Statement::Rows::text(int column) const {
  const void* text = sqlite3_column_text(statement_->statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_->statement_.get(), column));
  return text == nullptr ? std::string_view{} : std::string_view(static_cast<const char*>(text), size);
}
std::string_view Statement::Rows::blob(int column) const {
  const void* blob = sqlite3_column_blob(statement_->statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_->statement_.get(), column));
  return blob == nullptr ? std::string_view{} : std::string_view(static_cast<const char*>(blob), size);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.exec(kind == Kind::write ? "begin immediate" : "begin");
}

std::shared_ptr<Transaction> snapshot_if_none(Database& database) {
  return database.in_transaction() ? nullptr : std::make_shared<Transaction>(database, Transaction::Kind::read);
}

Transaction::~Transaction() {
  if (!open_ || !database_.in_transaction()) return;
  try {
    database_.exec("rollback");
  } catch (const DatabaseError&) {
    // SQLite rolls back by itself when the connection closes; a destructor has nobody to tell.
  }
}

void Transaction::commit() {
  database_.exec("commit");
  open_ = false;
}

Overwriting::Overwriting(Database& database) : database_(database) { database_.exec("pragma secure_delete=on"); }
Overwriting::~Overwriting() {
  sqlite3_exec(database_.db_.get(), "pragma secure_delete=off", nullptr, nullptr, nullptr);
}

}  // namespace telltale::store
