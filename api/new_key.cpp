#include "api/new_key.hpp"

#include <algorithm>

#include "api/api_key.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t longest_name = 64;

struct ScopeMember {
  std::string_view name;
  bool store::KeyScopes::*has;
};
constexpr ScopeMember scope_members[] = {
    {"read", &store::KeyScopes::read}, {"write", &store::KeyScopes::write}, {"admin", &store::KeyScopes::admin}};

bool printable(std::string_view name) {
  return std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

std::optional<std::string> fault_of_key_name(std::string_view name) {
  if (!name.empty() && name.size() <= longest_name && printable(name)) return std::nullopt;
  return "say who will use it, in 1 to " + std::to_string(longest_name) + " printable bytes";
}

std::optional<std::string> fault_of_scopes(const std::vector<std::string>& scopes) {
  for (const auto& scope : scopes) {
    if (std::ranges::find(scope_members, scope, &ScopeMember::name) == std::end(scope_members)) {
      return "'" + scope + "' is none of read write admin";
    }
  }
  return scopes.empty() ? std::optional<std::string>("name at least one of read write admin") : std::nullopt;
}

std::vector<std::string_view> scope_names(const store::KeyScopes& scopes) {
  std::vector<std::string_view> names;
  for (const auto& [name, has] : scope_members)
    if (scopes.*has) names.push_back(name);
  return names;
}

MadeKey make_key(NewKey wanted, Timestamp now) {
  const auto key = make_api_key();
  store::KeyScopes scopes;
  for (const auto& [name, has] : scope_members)
    scopes.*has = std::ranges::find(wanted.scopes, name) != wanted.scopes.end();
  return {to_text(key),
          {key.id, sha256(key.secret), std::move(wanted.tenant), std::move(wanted.name), scopes, now, std::nullopt}};
}

}  // namespace telltale::api
