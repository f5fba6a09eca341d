#include <algorithm>
#include <set>

#include "app/config_tables.hpp"

namespace telltale::app {

namespace {

constexpr Millis one_day{24 * 3600 * 1000};
constexpr std::size_t longest_name = 32;  // it becomes part of file names

bool is_class_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void read_days(const TableReader& table, std::string_view key, Millis least, std::int64_t& out, Problems& problems) {
  const auto value = table.find(key);
  if (!value) return;
  const auto time = as_duration(*value, least, 36'500 * one_day, problems);
  if (!time) return;
  if (*time % one_day != Millis{0}) return problems.add(*value, "must be a multiple of 1d");
  out = *time / one_day;
}

}  // namespace

const std::vector<std::string_view>& retention_keys() {
  static const std::vector<std::string_view> keys = {"name", "tenants", "raw", "hourly", "daily"};
  return keys;
}

std::vector<store::RetentionClass> read_retention(const Value& list, bool multi_tenant, Problems& problems) {
  std::vector<store::RetentionClass> classes;
  std::set<std::string> names = {"raw"};  // that of [store]
  for_each_entry(list, problems, [&](const Value& entry) {
    if (!multi_tenant)
      return problems.add(entry, "is by tenant: needs [tenants] enabled = true; else see store.raw_retention");
    const TableReader table(entry, retention_keys(), problems);
    store::RetentionClass klass;
    if (const auto name = table.find("name")) {
      if (const auto text = as_text(*name, problems)) klass.name = *text;
      if (!is_class_name(klass.name)) problems.add(*name, "must be 1 to 32 of a-z, 0-9 and _");
      if (!names.insert(klass.name).second) problems.add(*name, "there is another class of this name");
    } else {
      problems.add(entry, "needs a name");
    }
    if (const auto tenants = table.find("tenants")) {
      if (auto found = as_texts(*tenants, problems)) klass.tenants = std::move(*found);
    } else {
      problems.add(entry, "needs tenants, such as [\"acme\"]");
    }
    read_days(table, "raw", 2 * one_day, klass.raw_days, problems);
    read_days(table, "hourly", Millis{0}, klass.hourly_days, problems);
    read_days(table, "daily", Millis{0}, klass.daily_days, problems);
    classes.push_back(std::move(klass));
  });
  return classes;
}

}  // namespace telltale::app
