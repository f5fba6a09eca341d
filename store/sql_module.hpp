#pragma once

#include <sqlite3ext.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace telltale::store {

// The data folder as tables of SQLite (sqlite.org/vtab.html). These sources are compiled twice: into the room, where
// SQLITE_CORE makes sqlite3_… the linked library, and into the loadable extension, where it is that of the program
// which loads it.

/// One scan of a table. Errors: any std::exception; it becomes the statement's.
class SqlCursor {
 public:
  virtual ~SqlCursor() = default;
  virtual void begin(int plan, std::span<sqlite3_value*> arguments) = 0;
  [[nodiscard]] virtual bool at_end() const = 0;
  virtual void next() = 0;
  virtual void column(sqlite3_context* context, int column) const = 0;
};

/// A table over one data folder, read-only.
class SqlTable {
 public:
  virtual ~SqlTable() = default;
  virtual void plan(sqlite3_index_info& info) const = 0;
  [[nodiscard]] virtual std::unique_ptr<SqlCursor> open() const = 0;
};

/// A kind of table. It exists under its name, over the folder of the connection's main database (or the folder given
/// here); `create virtual table x using NAME('DIR')` makes another one.
struct SqlTableKind {
  const char* name;
  const char* schema;
  std::unique_ptr<SqlTable> (*make)(const std::filesystem::path& folder);
  std::string folder;
};
/// Returns an SQLite result code.
int register_table(sqlite3* database, SqlTableKind kind);

/// readings(tenant, site, device, metric, ts, value, type, ts_source, series_id): the last three hidden. `name` may be
/// another than readings.
[[nodiscard]] SqlTableKind readings_table(const char* name, std::string folder);
/// hour(series_id, t, n, min, max, sum, sumsq, last, class) and day(…).
[[nodiscard]] SqlTableKind hour_table(std::string folder);
[[nodiscard]] SqlTableKind day_table(std::string folder);

/// All of them. `folder` "" = that of the main database.
int register_tables(sqlite3* database, const std::string& folder);

/// A bound on a column of milliseconds, from a value of any type; nothing when it is no number.
[[nodiscard]] bool lower_bound_of(sqlite3_value* value, std::int64_t& bound);
[[nodiscard]] bool upper_bound_of(sqlite3_value* value, std::int64_t& bound);  // last included
[[nodiscard]] std::string text_of(sqlite3_value* value);
void give_text(sqlite3_context* context, std::string_view text);

}  // namespace telltale::store
