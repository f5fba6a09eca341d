#include <sqlite3ext.h>

#include "store/sql_module.hpp"

SQLITE_EXTENSION_INIT1

/// What `.load ./telltale_readings` calls.
extern "C" __attribute__((visibility("default"))) int sqlite3_telltalereadings_init(sqlite3* database, char**,
                                                                                    const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  return telltale::store::register_tables(database, "");
}
