#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "app/command_backtest.hpp"
#include "app/command_backtest_text.hpp"
#include "app/command_query_run.hpp"
#include "app/config.hpp"
#include "app/config_text.hpp"
#include "app/csv_history.hpp"
#include "backtest/picture.hpp"
#include "backtest/run.hpp"
#include "backtest/store_history.hpp"

namespace telltale::app {

namespace {

proto::RuleSet chosen_rules(const BacktestArguments& a) {
  auto rules = load_config(a.rules, {}).analytics;
  std::erase_if(rules.rules, [&](const proto::Rule& rule) { return !proto::matches(a.rule, rule.name); });
  if (rules.rules.empty()) throw proto::ConfigError("--rule " + a.rule + ": " + a.rules.string() + " has no such rule");
  return rules;
}

std::unique_ptr<backtest::History> history_of(const BacktestArguments& a) {
  if (a.csv.empty()) return std::make_unique<backtest::StoreHistory>(a.data, a.series);
  return std::make_unique<backtest::MemoryHistory>(read_csv_history(a.csv, a.series));
}

Timestamp time_of(const std::string& option, const std::string& text, Timestamp now) {
  const auto time = parse_query_time(text, now);
  if (!time) throw proto::ConfigError(option + ": " + time.error());
  return *time;
}

backtest::RunOptions plan(const BacktestArguments& a, Timestamp now, const backtest::History& history,
                          const proto::RuleSet& rules) {
  backtest::RunOptions options;
  const bool all = a.from.empty() || a.from == "0";
  const bool needs_extent = all || a.warm_up == "all" || (a.to.empty() && !a.csv.empty());
  const auto extent = needs_extent ? history.extent() : store::Range{};
  const bool empty = extent.from == extent.to;
  options.range.to = !a.to.empty() ? time_of("--to", a.to, now) : a.csv.empty() || empty ? now : extent.to;
  options.range.from = !all ? time_of("--from", a.from, now) : empty ? options.range.to : extent.from;
  if (options.range.from > options.range.to) throw proto::ConfigError("--from is after --to");
  options.warm_up = backtest::usual_warm_up(rules);
  if (a.warm_up == "all") {
    options.warm_up = empty ? Millis{0} : std::max(Millis{0}, options.range.from - extent.from);
  } else if (!a.warm_up.empty()) {
    const auto warm_up = parse_duration(a.warm_up);
    if (!warm_up) throw proto::ConfigError("--warm-up: " + warm_up.error() + "; or all");
    options.warm_up = *warm_up;
  }
  return options;
}

/// The series with most alerts; without any the first that the first rule is about.
backtest::SeriesResult most_alarming(const backtest::History& history, const proto::RuleSet& rules,
                                     const backtest::Report& report) {
  for (const auto& worst : report.worst)
    if (worst.series != proto::SeriesId::none) return worst;
  const auto& rule = rules.rules.front();
  const auto about = backtest::matching(history.directory(), {rule.tenant, rule.site, rule.device, rule.metric});
  const auto& directory = about.series.empty() ? history.directory() : about;
  const auto& series = directory.series.front();
  const auto device = std::ranges::find(directory.devices, series.device, &store::DeviceEntry::key);
  return {rule.name, device->tenant, device->site, device->device, series.metric, series.id, 0};
}

/// Plays the one series once more, looking at each judgement of the one rule.
void draw(const BacktestArguments& a, Timestamp now, const backtest::History& history, const proto::RuleSet& rules,
          const backtest::Report& report) {
  const auto shown = most_alarming(history, rules, report);
  auto one = a;
  one.series = {shown.tenant, shown.site, shown.device, shown.metric};
  one.rule = shown.rule;
  const auto series = history_of(one);
  auto rule = chosen_rules(one);
  backtest::Picture picture(report.range, rule.rules.front());
  auto options = plan(a, now, history, rules);
  options.on_judged = [&](const analytics::Judged& judged) { picture.add(judged); };
  static_cast<void>(backtest::run(*series, rule, options));
  for (const auto& alert : report.alerts)
    if (alert.rule == shown.rule && alert.series == shown.series)
      picture.add({{alert.raised, alert.ended.value_or(report.range.to)}, alert.summary});

  const auto& unit = series->directory().series.front().unit;
  const auto drawn =
      picture.svg(shown.site + '/' + shown.device + ' ' + shown.metric + (unit.empty() ? "" : " (" + unit + ")"));
  std::ofstream file(a.svg, std::ios::binary | std::ios::trunc);
  if (!(file << drawn).flush()) throw std::runtime_error(a.svg.string() + ": cannot be written");
}

int backtest_or_throw(const BacktestArguments& a, Timestamp now, std::ostream& out) {
  const auto rules = chosen_rules(a);
  const auto history = history_of(a);
  if (history->directory().series.empty()) throw proto::ConfigError("no series matches");
  const auto report = backtest::run(*history, rules, plan(a, now, *history, rules));
  if (!a.svg.empty()) draw(a, now, *history, rules, report);
  if (a.format == "json") {
    out << to_json(report, a.alerts) << '\n';
  } else {
    print_backtest(report, rules, *history, a.alerts, out);
  }
  return 0;
}

}  // namespace

int run_backtest(const BacktestArguments& arguments, Timestamp now, std::ostream& out, std::ostream& err) {
  constexpr int failed = 1;
  constexpr int bad_options = 2;
  try {
    return backtest_or_throw(arguments, now, out);
  } catch (const proto::ConfigError& error) {
    err << "telltale backtest: " << error.what() << '\n';
    return bad_options;
  } catch (const std::exception& error) {
    err << "telltale backtest: " << error.what() << '\n';
    return failed;
  }
}

}  // namespace telltale::app
