#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::store {

/// How long the readings of some tenants are kept. Days of a class lie in files of their own, so that retention is an
/// unlink. 0 = for ever (hourly and daily only).
struct RetentionClass {
  std::string name = "raw";          // part of file names: a-z, 0-9 and _, at most 32
  std::vector<std::string> tenants;  // the tenants it is for; "*" = all
  std::int64_t raw_days = 90;
  std::int64_t hourly_days = 0;
  std::int64_t daily_days = 0;
  friend bool operator==(const RetentionClass&, const RetentionClass&) = default;
};

/// The classes in force: the first that names a tenant is the tenant's, else the default one. Threads: any (constant).
class RetentionPolicy {
 public:
  RetentionPolicy(RetentionClass fallback, std::vector<RetentionClass> classes);

  [[nodiscard]] const RetentionClass& of_tenant(std::string_view tenant) const;
  /// A class that is configured no more keeps its files as long as the longest that is.
  [[nodiscard]] const RetentionClass& of_class(std::string_view name) const;
  [[nodiscard]] std::int64_t longest_raw_days() const;

 private:
  RetentionClass fallback_;
  std::vector<RetentionClass> classes_;
  RetentionClass unknown_;
};

}  // namespace telltale::store
