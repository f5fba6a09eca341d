#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"
#include "store/keys_db.hpp"

namespace telltale::api {

/// What a new key is to be. The command line and the HTTP interface make keys of the same kind.
struct NewKey {
  std::string tenant;
  std::string name;
  std::vector<std::string> scopes;
};

/// Why it cannot be made; nothing when it can.
[[nodiscard]] std::optional<std::string> fault_of_key_name(std::string_view name);
[[nodiscard]] std::optional<std::string> fault_of_scopes(const std::vector<std::string>& scopes);

[[nodiscard]] std::vector<std::string_view> scope_names(const store::KeyScopes& scopes);

struct MadeKey {
  std::string text;  // the key, which is kept nowhere
  store::StoredKey stored;
};
/// Precondition: nothing is at fault. Throws std::runtime_error when there are no random numbers.
[[nodiscard]] MadeKey make_key(NewKey wanted, Timestamp now);

}  // namespace telltale::api
