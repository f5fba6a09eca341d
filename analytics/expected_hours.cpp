#include "proto/expected_hours.hpp"

#include <algorithm>

#include "analytics/rule_runner.hpp"

namespace telltale::analytics {

namespace {

constexpr unsigned hours_of_day = 24;

void append_hours(const UnusualModel& model, double limit, std::vector<proto::ExpectedHours::Hour>& out) {
  const double u = std::max(limit, RecordGate::quiet);  // of a rule with a lower limit nothing less is told either
  for (unsigned hour = 0; hour < hours_of_day; ++hour) {
    const auto known = model.at_hour(hour);
    if (!known) continue;
    out.push_back({hour, known->expected, known->can_reach(u) ? std::optional(known->away(u)) : std::nullopt});
  }
}

}  // namespace

std::vector<proto::ExpectedHours> RuleRunner::expected(std::uint32_t series) const {
  std::vector<proto::ExpectedHours> all;
  if (series >= cells_.size()) return all;
  for (const Cell& cell : cells_[series]) {
    const auto& rule = ws_.rules.rules[cell.rule];
    const auto* check = std::get_if<proto::UnusualCheck>(&rule.check);
    if (check == nullptr) continue;
    auto& hours = all.emplace_back();
    hours.rule = rule.name;
    hours.limit = check->limit;
    hours.utc_offset = zones_.look_up(series, ws_.clock.log_now());
    if (cell.memory.model) append_hours(*cell.memory.model, check->limit, hours.hours);
  }
  return all;
}

}  // namespace telltale::analytics
