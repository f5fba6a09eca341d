#include "store/sql_session.hpp"

#include <sqlite3.h>

#include <system_error>

#include "store/catalog.hpp"
#include "store/error.hpp"
#include "store/sql_module.hpp"

namespace telltale::store {

namespace {

constexpr int busy_timeout_ms = 10'000;

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

SqlSession::Cell cell_of(sqlite3_stmt* statement, int i) {
  SqlSession::Cell cell;
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
    return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
  };
  switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
      cell.kind = SqlSession::Cell::Kind::integer;
      cell.integer = sqlite3_column_int64(statement, i);
      break;
    case SQLITE_FLOAT:
      cell.kind = SqlSession::Cell::Kind::real;
      cell.real = sqlite3_column_double(statement, i);
      break;
    case SQLITE_TEXT:
      cell.kind = SqlSession::Cell::Kind::text;
      cell.bytes = bytes(sqlite3_column_text(statement, i));
      break;
    case SQLITE_BLOB:
      cell.kind = SqlSession::Cell::Kind::blob;
      cell.bytes = bytes(sqlite3_column_blob(statement, i));
      break;
    default:
      break;
  }
  return cell;
}

}  // namespace

struct SqlSession::Impl {
  std::unique_ptr<sqlite3, CloseDatabase> database;

  void check(int rc) const {
    if (rc != SQLITE_OK) throw StoreFailure(sqlite3_errmsg(database.get()));
  }

  void attach(const std::filesystem::path& catalog) {
    const auto attached = [&](const char* mode) {
      std::string uri = "file:";
      for (const char c : catalog.string()) {
        constexpr std::string_view hex = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (c == '?' || c == '#' || c == '%') {
          uri += std::string("%") + hex[byte >> 4U] + hex[byte & 15U];
        } else {
          uri += c;
        }
      }
      uri += mode;
      sqlite3_stmt* raw = nullptr;
      check(sqlite3_prepare_v2(database.get(), "attach ? as catalog", -1, &raw, nullptr));
      const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(raw);
      check(sqlite3_bind_text(raw, 1, uri.c_str(), -1, nullptr));
      if (sqlite3_step(raw) != SQLITE_DONE) check(SQLITE_ERROR);
    };
    attached("?mode=ro");
    if (sqlite3_exec(database.get(), "select count(*) from catalog.sqlite_schema", nullptr, nullptr, nullptr) ==
        SQLITE_OK)
      return;
    // No -shm can be made beside the file (read-only file system). Without a WAL the file itself is complete.
    std::error_code absent;
    const auto wal = std::filesystem::file_size(catalog.string() + "-wal", absent);
    if ((sqlite3_errcode(database.get()) & 0xFF) != SQLITE_CANTOPEN || (!absent && wal > 0)) check(SQLITE_ERROR);
    check(sqlite3_exec(database.get(), "detach catalog", nullptr, nullptr, nullptr));
    attached("?immutable=1");
  }
};

SqlSession::SqlSession(const std::filesystem::path& folder) : impl_(std::make_unique<Impl>()) {
  (void)Catalog::open_read_only(folder);  // says what is wrong with the folder
  sqlite3* raw = nullptr;
  const int rc =
      sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  impl_->database.reset(raw);
  impl_->check(rc);
  sqlite3_busy_timeout(raw, busy_timeout_ms);
  impl_->check(register_tables(raw, folder.string()));
  impl_->attach(folder / Catalog::file_name);
  impl_->check(sqlite3_exec(raw, "pragma query_only=1", nullptr, nullptr, nullptr));
}

SqlSession::~SqlSession() = default;

void SqlSession::run(const std::string& sql, const Output& output) {
  auto* database = impl_->database.get();
  const char* rest = sql.c_str();
  std::vector<Cell> cells;
  while (*rest != '\0') {
    sqlite3_stmt* raw = nullptr;
    impl_->check(sqlite3_prepare_v2(database, rest, -1, &raw, &rest));
    const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(raw);
    if (!statement) continue;  // white space or a comment
    const int columns = sqlite3_column_count(raw);
    if (columns > 0) {
      std::vector<std::string> names;
      for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(raw, i));
      output.begin(names);
    }
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(raw)) == SQLITE_ROW) {
      cells.clear();
      for (int i = 0; i < columns; ++i) cells.push_back(cell_of(raw, i));
      output.row(cells);
    }
    if (rc != SQLITE_DONE) impl_->check(rc);
    if (columns > 0) output.end();
  }
}

bool SqlSession::complete(const std::string& sql) { return sqlite3_complete(sql.c_str()) != 0; }

}  // namespace telltale::store
