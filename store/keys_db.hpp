#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::store {

/// What a key may do; a key has one or more of them.
struct KeyScopes {
  bool read = false, write = false, admin = false;
  friend bool operator==(const KeyScopes&, const KeyScopes&) = default;
};

/// A key as it is kept: never its secret.
struct StoredKey {
  std::string id;      // public part of the key's text
  std::string sha256;  // of the secret; 32 bytes
  std::string tenant, name;
  KeyScopes scopes;
  Timestamp created;
  std::optional<Timestamp> revoked;
};

/// A tenant that was named before it had devices or keys.
struct NamedTenant {
  std::string name;
  Timestamp created;
};

/// keys.db: who may ask over HTTP. The service and the command line each have it open; every change is one
/// transaction, and find() sees what any process committed before it.
/// Threads: one at a time. Errors: StoreFailure.
class KeysDb {
 public:
  static constexpr const char* file_name = "keys.db";

  explicit KeysDb(const std::filesystem::path& file);  // made when missing, readable by its owner only
  ~KeysDb();

  void add(const StoredKey& key);
  /// False when there is no such key, or it was revoked before. A revoked key stays listed.
  bool revoke(std::string_view id, Timestamp at);
  [[nodiscard]] std::optional<StoredKey> find(std::string_view id) const;
  [[nodiscard]] std::vector<StoredKey> all() const;  // oldest first

  /// False when it is there already.
  bool name_tenant(std::string_view tenant, Timestamp at);
  /// All its keys are revoked, and it is not named any more.
  void drop_tenant(std::string_view tenant, Timestamp at);
  [[nodiscard]] std::vector<NamedTenant> tenants() const;  // by name

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
