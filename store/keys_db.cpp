#include "store/keys_db.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "store/disk.hpp"
#include "store/migrations.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

namespace {

// A step that was released is never changed.
constexpr std::array<const char*, 2> migrations = {
    R"sql(
    CREATE TABLE api_key(
      row INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL,
      tenant TEXT NOT NULL, name TEXT NOT NULL,
      may_read INTEGER NOT NULL, may_write INTEGER NOT NULL, may_admin INTEGER NOT NULL,
      created INTEGER NOT NULL, revoked INTEGER);
    )sql",
    R"sql(
    CREATE TABLE tenant(name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
    )sql",
};

Database open_and_migrate(const std::filesystem::path& file) {
  // SQLite gives its -wal and -shm the same permissions.
  if (!Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) && errno != EEXIST) {
    throw StoreFailure(file.string() + ": " + std::strerror(errno));
  }
  Database database(file, Database::Mode::full);
  migrate(database, migrations);
  return database;
}

StoredKey key_row(const Statement::Rows& row) {
  return {.id = std::string(row.text(0)),
          .sha256 = std::string(row.blob(1)),
          .tenant = std::string(row.text(2)),
          .name = std::string(row.text(3)),
          .scopes = {row.integer(4) != 0, row.integer(5) != 0, row.integer(6) != 0},
          .created = from_ms(row.integer(7)),
          .revoked = row.null(8) ? std::nullopt : std::optional(from_ms(row.integer(8)))};
}

}  // namespace

struct KeysDb::Impl {
  explicit Impl(const std::filesystem::path& file) : database(open_and_migrate(file)) {}

  Database database;
  Statement insert{database,
                   "INSERT INTO api_key(id, sha256, tenant, name, may_read, may_write, may_admin, created) "
                   "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement set_revoked{database, "UPDATE api_key SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL"};
  Statement select_one{database,
                       "SELECT id, sha256, tenant, name, may_read, may_write, may_admin, created, revoked "
                       "FROM api_key WHERE id = ?"};
  Statement select_all{database,
                       "SELECT id, sha256, tenant, name, may_read, may_write, may_admin, created, revoked "
                       "FROM api_key ORDER BY row"};
  Statement insert_tenant{database, "INSERT INTO tenant(name, created) VALUES(?, ?) ON CONFLICT DO NOTHING"};
  Statement delete_tenant{database, "DELETE FROM tenant WHERE name = ?"};
  Statement revoke_of_tenant{database, "UPDATE api_key SET revoked = ?2 WHERE tenant = ?1 AND revoked IS NULL"};
  Statement select_tenants{database, "SELECT name, created FROM tenant ORDER BY name"};
};

KeysDb::KeysDb(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
KeysDb::~KeysDb() = default;

void KeysDb::add(const StoredKey& key) {
  impl_->insert.run(key.id, Blob{key.sha256}, key.tenant, key.name, key.scopes.read, key.scopes.write, key.scopes.admin,
                    to_ms(key.created));
}

bool KeysDb::revoke(std::string_view id, Timestamp at) {
  impl_->set_revoked.run(id, to_ms(at));
  return impl_->database.changes() > 0;
}

std::optional<StoredKey> KeysDb::find(std::string_view id) const {
  auto row = impl_->select_one.query(id);
  if (!row.next()) return std::nullopt;
  return key_row(row);
}

std::vector<StoredKey> KeysDb::all() const {
  std::vector<StoredKey> keys;
  for (auto row = impl_->select_all.query(); row.next();) keys.push_back(key_row(row));
  return keys;
}

bool KeysDb::name_tenant(std::string_view tenant, Timestamp at) {
  impl_->insert_tenant.run(tenant, to_ms(at));
  return impl_->database.changes() > 0;
}

void KeysDb::drop_tenant(std::string_view tenant, Timestamp at) {
  Transaction transaction(impl_->database);
  impl_->revoke_of_tenant.run(tenant, to_ms(at));
  impl_->delete_tenant.run(tenant);
  transaction.commit();
}

std::vector<NamedTenant> KeysDb::tenants() const {
  std::vector<NamedTenant> named;
  for (auto row = impl_->select_tenants.query(); row.next();) {
    named.push_back({std::string(row.text(0)), from_ms(row.integer(1))});
  }
  return named;
}

}  // namespace telltale::store
