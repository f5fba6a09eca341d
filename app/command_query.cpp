#include "app/command_query.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/command_query_run.hpp"
#include "app/system_clock.hpp"

namespace telltale::app {

void add_query_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("query", "Print stored readings of one series, oldest first");
  auto a = std::make_shared<QueryArguments>();
  command->add_option("--data", a->data, "The data folder; a running service does not mind")->required();
  command->add_option("--tenant", a->tenant, "Only needed when several tenants have the device");
  command->add_option("--site", a->site, "Only needed when several sites have the device");
  command->add_option("--device", a->device, "Device")->required();
  command->add_option("--metric", a->metric, "Metric")->required();
  command->add_option("--from", a->from, "From here on, such as now-15m or 2025-11-21T04:40:00Z; 0 for all [now-24h]");
  command->add_option("--to", a->to, "Before here [open]");
  command->add_option("--step", a->step, "One value for each step, such as 1m");
  command->add_option("--agg", a->agg, "With --step: avg, min, max, sum, count, last or stddev [avg]");
  command->add_option("--points", a->points,
                      "At most so many readings (2 or more), chosen to show the same shape [all]");
  command->add_option("--method", a->method,
                      "With --points: lttb (keeps the shape) or minmax (keeps every peak) [lttb]");
  command->add_option("--format", a->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command->callback([a, &exit_code] {
    std::ios::sync_with_stdio(false);
    exit_code = run_query(*a, SystemClock().now(), std::cout, std::cerr);
    if (!std::cout.flush()) exit_code = 1;
  });
}

}  // namespace telltale::app
