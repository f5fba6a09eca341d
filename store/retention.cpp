#include "store/retention.hpp"

#include <algorithm>
#include <utility>

namespace telltale::store {

RetentionPolicy::RetentionPolicy(RetentionClass fallback, std::vector<RetentionClass> classes)
    : fallback_(std::move(fallback)), classes_(std::move(classes)), unknown_(fallback_) {
  const auto longer = [](std::int64_t a, std::int64_t b) { return a == 0 || b == 0 ? 0 : std::max(a, b); };
  for (const auto& c : classes_) {
    unknown_.raw_days = std::max(unknown_.raw_days, c.raw_days);
    unknown_.hourly_days = longer(unknown_.hourly_days, c.hourly_days);
    unknown_.daily_days = longer(unknown_.daily_days, c.daily_days);
  }
}

const RetentionClass& RetentionPolicy::of_tenant(std::string_view tenant) const {
  for (const auto& c : classes_)
    for (const auto& named : c.tenants)
      if (named == "*" || named == tenant) return c;
  return fallback_;
}

const RetentionClass& RetentionPolicy::of_class(std::string_view name) const {
  if (name == fallback_.name) return fallback_;
  for (const auto& c : classes_)
    if (c.name == name) return c;
  return unknown_;
}

std::int64_t RetentionPolicy::longest_raw_days() const { return unknown_.raw_days; }

}  // namespace telltale::store
