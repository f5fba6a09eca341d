#include "store/sql_module.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT3
#endif

namespace telltale::store {

namespace {

struct Table : sqlite3_vtab {
  std::unique_ptr<SqlTable> table;
};
struct Cursor : sqlite3_vtab_cursor {
  std::unique_ptr<SqlCursor> cursor;
  std::int64_t row = 0;
};

int fail(sqlite3_vtab* table, const char* what) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", what);
  return SQLITE_ERROR;
}

template <class Work>
int guarded(sqlite3_vtab* table, Work&& work) {
  try {
    work();
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const std::exception& error) {
    return fail(table, error.what());
  }
}

/// 'DIR' as it stands in the statement.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.back() != text.front())
    return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    out += text[i];
    if (text[i] == text.front()) ++i;  // doubled
  }
  return out;
}

std::string folder_of_main(sqlite3* database) {
  const char* file = sqlite3_db_filename(database, "main");
  if (file == nullptr || *file == '\0') return {};
  return std::filesystem::path(file).parent_path().string();
}

int connect(sqlite3* database, void* kind_pointer, int argc, const char* const* argv, sqlite3_vtab** out,
            char** error) {
  const auto& kind = *static_cast<const SqlTableKind*>(kind_pointer);
  auto folder = argc > 3 ? unquoted(argv[3]) : kind.folder.empty() ? folder_of_main(database) : kind.folder;
  if (folder.empty()) {
    *error = sqlite3_mprintf("no data folder: open its catalog.db, or create virtual table temp.x using %s('FOLDER')",
                             kind.name);
    return SQLITE_ERROR;
  }
  if (const int rc = sqlite3_declare_vtab(database, kind.schema); rc != SQLITE_OK) return rc;
  try {
    auto table = std::make_unique<Table>();
    static_cast<sqlite3_vtab&>(*table) = {};
    table->table = kind.make(folder);
    *out = table.release();
    return SQLITE_OK;
  } catch (const std::exception& failure) {
    *error = sqlite3_mprintf("%s", failure.what());
    return SQLITE_ERROR;
  }
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
  return guarded(table, [&] { static_cast<Table*>(table)->table->plan(*info); });
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  return guarded(table, [&] {
    auto cursor = std::make_unique<Cursor>();
    static_cast<sqlite3_vtab_cursor&>(*cursor) = {};
    cursor->cursor = static_cast<Table*>(table)->table->open();
    *out = cursor.release();
  });
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int plan, const char*, int count, sqlite3_value** arguments) {
  auto& c = *static_cast<Cursor*>(cursor);
  c.row = 0;
  return guarded(cursor->pVtab, [&] { c.cursor->begin(plan, {arguments, static_cast<std::size_t>(count)}); });
}

int next(sqlite3_vtab_cursor* cursor) {
  auto& c = *static_cast<Cursor*>(cursor);
  ++c.row;
  return guarded(cursor->pVtab, [&] { c.cursor->next(); });
}

int at_end(sqlite3_vtab_cursor* cursor) { return static_cast<Cursor*>(cursor)->cursor->at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
  return guarded(cursor->pVtab, [&] { static_cast<Cursor*>(cursor)->cursor->column(context, number); });
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = static_cast<Cursor*>(cursor)->row;
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module m{};
  m.iVersion = 1;
  m.xCreate = connect;  // the same as xConnect: the table is there without being created
  m.xConnect = connect;
  m.xBestIndex = best_index;
  m.xDisconnect = disconnect;
  m.xDestroy = disconnect;
  m.xOpen = open;
  m.xClose = close;
  m.xFilter = filter;
  m.xNext = next;
  m.xEof = at_end;
  m.xColumn = column;
  m.xRowid = rowid;
  return m;
}
const sqlite3_module module = make_module();

}  // namespace

int register_table(sqlite3* database, SqlTableKind kind) {
  const char* name = kind.name;
  auto owned = std::make_unique<SqlTableKind>(std::move(kind));
  return sqlite3_create_module_v2(database, name, &module, owned.release(),
                                  [](void* gone) { delete static_cast<SqlTableKind*>(gone); });
}

int register_tables(sqlite3* database, const std::string& folder) {
  for (auto&& kind :
       {readings_table("readings", folder), readings_table("telltale", folder), hour_table(folder), day_table(folder)})
    if (const int rc = register_table(database, kind); rc != SQLITE_OK) return rc;
  return SQLITE_OK;
}

namespace {

/// Rounded outward, so that no row is missed: SQLite looks again at every row that it is given.
bool bound_of(sqlite3_value* value, std::int64_t& bound, double (*round)(double)) {
  switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER:
      bound = sqlite3_value_int64(value);
      return true;
    case SQLITE_FLOAT: {
      constexpr double limit = 9.2e18;
      bound = static_cast<std::int64_t>(std::clamp(round(sqlite3_value_double(value)), -limit, limit));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

bool lower_bound_of(sqlite3_value* value, std::int64_t& bound) {
  return bound_of(value, bound, [](double x) { return std::floor(x); });
}
bool upper_bound_of(sqlite3_value* value, std::int64_t& bound) {
  return bound_of(value, bound, [](double x) { return std::ceil(x); });
}

std::string text_of(sqlite3_value* value) {
  const void* text = sqlite3_value_text(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return text == nullptr ? std::string() : std::string(static_cast<const char*>(text), size);
}

// The destructor argument is SQLite's own macro, which is a C cast.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
#pragma GCC diagnostic pop

}  // namespace telltale::store
