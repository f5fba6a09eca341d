#include <algorithm>
#include <memory>
#include <ostream>

#include "app/command_backtest.hpp"
#include "app/command_backtest_text.hpp"
#include "app/command_query_run.hpp"
#include "app/config.hpp"
#include "app/config_text.hpp"
#include "app/csv_history.hpp"
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

int backtest_or_throw(const BacktestArguments& a, Timestamp now, std::ostream& out) {
  const auto rules = chosen_rules(a);
  const auto history = history_of(a);
  if (history->directory().series.empty()) throw proto::ConfigError("no series matches");
  const auto report = backtest::run(*history, rules, plan(a, now, *history, rules));
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
