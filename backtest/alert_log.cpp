#include "backtest/alert_log.hpp"

#include <algorithm>
#include <utility>

#include "store/day.hpp"

namespace telltale::backtest {

namespace {

constexpr std::size_t most_worst = 20;
constexpr std::string_view grouped = "grouped";

}  // namespace

AlertLog::AlertLog(const proto::RuleSet& rules, const store::Directory& directory, store::Range range,
                   std::size_t most_alerts)
    : range_(range), most_alerts_(most_alerts) {
  report_.range = range;
  for (const auto& rule : rules.rules) {
    report_.rules.emplace_back();
    report_.rules.back().rule = rule.name;
  }
  std::map<proto::DeviceKey, const store::DeviceEntry*> devices;
  for (const auto& device : directory.devices) devices[device.key] = &device;
  for (const auto& series : directory.series)
    if (const auto* d = devices[series.device]) series_[{d->tenant, d->site, d->device, series.metric}] = series.id;
}

RuleResult* AlertLog::result_of(const std::string& rule) {
  const auto found = std::ranges::find(report_.rules, rule, &RuleResult::rule);
  if (found != report_.rules.end()) return &*found;
  if (rule != grouped) return nullptr;
  report_.rules.emplace_back();
  report_.rules.back().rule = rule;
  return &report_.rules.back();
}

void AlertLog::add(const proto::AlertTransition& t) {
  RuleResult* rule = result_of(t.rule);
  if (rule == nullptr) {
    if (t.n == 1 && t.ts >= range_.from) ++report_.presence_alerts;
    return;
  }
  const auto kept = kept_.find(t.id);
  if (kept == kept_.end()) {
    // An alert shows itself first as firing, whatever happened to it while another spoke for it.
    if (t.state != proto::AlertState::firing) return;
    count_raise(*rule, t);
    return raise(t);
  }
  Alert& alert = report_.alerts[kept->second];
  alert.count = t.count;
  switch (t.state) {
    case proto::AlertState::resolved:
    case proto::AlertState::removed:
      alert.ended = t.ts;
      alert.removed = t.state == proto::AlertState::removed;
      return;
    case proto::AlertState::flapping:
      ++alert.flaps;
      [[fallthrough]];
    case proto::AlertState::firing:
      alert.ended.reset();
      alert.removed = false;
      alert.severity = t.severity;
      return;
    case proto::AlertState::acknowledged:
    case proto::AlertState::silenced:
      return;
  }
}

void AlertLog::count_raise(RuleResult& rule, const proto::AlertTransition& t) {
  if (t.ts < range_.from) return;
  ++rule.raised;
  ++rule.days[store::day_of(to_ms(t.ts))];
  if (!rule.first) rule.first = t.ts;
  rule.last = t.ts;
  ++raises_[{t.rule, {t.tenant, t.site, t.device, t.metric}}];
}

void AlertLog::raise(const proto::AlertTransition& t) {
  if (report_.alerts.size() >= most_alerts_) {
    if (t.ts >= range_.from) ++report_.alerts_not_kept;
    return;
  }
  Alert alert;
  alert.id = t.id;
  alert.rule = t.rule;
  alert.severity = t.severity;
  alert.tenant = t.tenant;
  alert.site = t.site;
  alert.device = t.device;
  alert.metric = t.metric;
  if (const auto series = series_.find({t.tenant, t.site, t.device, t.metric}); series != series_.end())
    alert.series = series->second;
  alert.started = t.started;
  alert.raised = t.ts;
  alert.value = t.value;
  alert.threshold = t.threshold;
  alert.count = t.count;
  alert.summary = t.summary;
  kept_[t.id] = report_.alerts.size();
  report_.alerts.push_back(std::move(alert));
}

void AlertLog::add_durations(const Alert& alert) {
  RuleResult* rule = result_of(alert.rule);
  if (rule == nullptr) return;
  if (alert.raised < range_.from) ++rule->open_at_from;
  if (!alert.ended) ++rule->open_at_to;
  const Millis lasted = std::min(alert.ended.value_or(range_.to), range_.to) - std::max(alert.raised, range_.from);
  rule->firing += lasted;
  rule->longest = std::max(rule->longest, lasted);
}

Report AlertLog::finish() {
  auto& alerts = report_.alerts;
  std::erase_if(alerts, [&](const Alert& a) { return a.ended && *a.ended < range_.from; });
  for (const Alert& alert : alerts) add_durations(alert);
  for (const auto& [key, raised] : raises_) {
    const auto& [tenant, site, device, metric] = key.second;
    const auto series = series_.find(key.second);
    report_.worst.push_back({key.first, tenant, site, device, metric,
                             series == series_.end() ? proto::SeriesId::none : series->second, raised});
  }
  std::ranges::stable_sort(report_.worst, std::ranges::greater{}, &SeriesResult::raised);
  if (report_.worst.size() > most_worst) report_.worst.resize(most_worst);
  kept_.clear();
  raises_.clear();
  return std::move(report_);
}

}  // namespace telltale::backtest
