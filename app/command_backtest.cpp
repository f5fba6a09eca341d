#include "app/command_backtest.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/system_clock.hpp"

namespace telltale::app {

void add_backtest_command(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("backtest", "Run rules over stored readings and print the alerts they would raise");
  auto a = std::make_shared<BacktestArguments>();
  auto* source = command->add_option_group("source");
  source->add_option("--data", a->data, "The data folder; a running service does not mind");
  source->add_option("--csv", a->csv, "CSV files, plain or gzip, as `telltale replay` reads them");
  source->require_option(1);
  command->add_option("--rules", a->rules, "A file with [[rule]] tables; the service's own will do")->required();
  command->add_option("--rule", a->rule, "Only rules of this name; takes *")->capture_default_str();
  command->add_option("--from", a->from, "From here on, such as now-7d or 2025-11-21T04:40:00Z [all]");
  command->add_option("--to", a->to, "Before here [now; with --csv the end of the files]");
  command->add_option(
      "--warm-up", a->warm_up,
      "Readings before --from that rules learn from, such as 7d, or all [14d when a rule learns, else 1d]");
  command->add_option("--tenant", a->series.tenant, "Only these; takes *")->capture_default_str();
  command->add_option("--site", a->series.site, "Only these; takes *")->capture_default_str();
  command->add_option("--device", a->series.device, "Only these; takes *")->capture_default_str();
  command->add_option("--metric", a->series.metric, "Only these; takes *")->capture_default_str();
  command->add_option("--format", a->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--alerts", a->alerts, "Show at most so many alerts one by one")->capture_default_str();
  command->add_option("--svg", a->svg, "Also draw the series with most alerts under its rule, as SVG into this file");
  command->callback([a, &exit_code] {
    std::ios::sync_with_stdio(false);
    exit_code = run_backtest(*a, SystemClock().now(), std::cout, std::cerr);
    if (!std::cout.flush()) exit_code = 1;
  });
}

}  // namespace telltale::app
