#include <algorithm>

#include "app/config_tables.hpp"
#include "proto/topic.hpp"

namespace telltale::app {

namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool id_character(char c) {
  return lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == ':' || c == '-';
}
bool site_character(char c) { return lower_or_digit(c) || c == '_' || c == '-'; }

}  // namespace

void read_pattern(const TableReader& table, std::string_view key, bool multi_tenant, std::string& out,
                  Problems& problems) {
  const auto value = table.find(key);
  if (!value) return;
  const auto pattern = as_text(*value, problems);
  if (!pattern) return;
  const bool narrow = key == "tenant" || key == "site";
  const auto allowed = [&](char c) { return c == '*' || (narrow ? site_character(c) : id_character(c)); };
  if (pattern->empty() || !std::ranges::all_of(*pattern, allowed)) {
    problems.add(*value, "no " + std::string(key) + " can match \"" + *pattern + "\": " +
                             (narrow ? "a-z 0-9 _ - and * are allowed" : "A-Z a-z 0-9 _ . : - and * are allowed"));
    return;
  }
  if (key == "tenant" && !multi_tenant && !proto::matches(*pattern, proto::default_tenant)) {
    problems.add(*value, "no tenant can match \"" + *pattern + "\" unless [tenants] enabled = true");
    return;
  }
  out = *pattern;
}

void read_series_patterns(const Value& value, std::vector<std::string>& out, Problems& problems) {
  const auto patterns = as_texts(value, problems);
  if (!patterns) return;
  const auto allowed = [](char c) { return c == '*' || c == '/' || id_character(c); };
  for (const auto& pattern : *patterns) {
    const auto slashes = std::ranges::count(pattern, '/');
    if (!pattern.empty() && slashes <= 2 && pattern.find("//") == std::string::npos && pattern.front() != '/' &&
        pattern.back() != '/' && std::ranges::all_of(pattern, allowed))
      continue;
    return problems.add(value,
                        "no series can match \"" + pattern +
                            "\": write metric, device/metric or site/device/metric; * stands for any characters");
  }
  out = *patterns;
}

}  // namespace telltale::app
