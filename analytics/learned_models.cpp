#include <algorithm>

#include "analytics/learned.hpp"
#include "analytics/rule_runner.hpp"

namespace telltale::analytics {

void RuleRunner::each_learned(const std::function<void(const proto::LearnedModel&)>& say) const {
  for (std::uint32_t series = 1; series < cells_.size(); ++series) {
    for (const Cell& cell : cells_[series]) {
      proto::LearnedModel model;
      const auto& rule = ws_.rules.rules[cell.rule];
      if (!give(rule.check, cell.memory, model)) continue;
      const auto device = ws_.fleet.series(series).device;
      model.tenant = ws_.fleet.site_of(device).tenant;
      model.site = ws_.fleet.site_of(device).name;
      model.device = ws_.fleet.device(device).name;
      model.metric = ws_.fleet.metric(series);
      model.rule = rule.name;
      say(model);
    }
  }
}

/// 0: there is none. O(series): models come seldom.
std::uint32_t RuleRunner::series_of(const proto::LearnedModel& model) const {
  for (std::uint32_t series = 1; series < cells_.size(); ++series) {
    if (!ws_.fleet.knows_series(series) || ws_.fleet.metric(series) != model.metric) continue;
    const auto device = ws_.fleet.series(series).device;
    const auto& site = ws_.fleet.site_of(device);
    if (ws_.fleet.device(device).name == model.device && site.name == model.site && site.tenant == model.tenant)
      return series;
  }
  return 0;
}

const RuleRunner::Cell* RuleRunner::find(std::uint32_t series, const std::string& rule) const {
  const auto& cells = cells_[series];
  const auto found =
      std::ranges::find_if(cells, [&](const Cell& cell) { return ws_.rules.rules[cell.rule].name == rule; });
  return found == cells.end() ? nullptr : &*found;
}

std::string RuleRunner::problem_with(const proto::LearnedModel& model) const {
  const auto series = series_of(model);
  if (series == 0) return "there is no such series yet; it exists from its first reading on";
  const Cell* cell = find(series, model.rule);
  if (cell == nullptr) return "no rule '" + model.rule + "' watches it";
  CheckMemory trial;
  return take(ws_.rules.rules[cell->rule].check, model, trial);
}

void RuleRunner::learn(const proto::LearnedModel& model) {
  const auto series = series_of(model);
  const Cell* found = series == 0 ? nullptr : find(series, model.rule);
  if (found == nullptr) return;
  Cell& cell = cells_[series][static_cast<std::size_t>(found - cells_[series].data())];
  // Checked by who wrote the event; rules may have changed since, and then there is nothing to do.
  static_cast<void>(take(ws_.rules.rules[cell.rule].check, model, cell.memory));
}

}  // namespace telltale::analytics
