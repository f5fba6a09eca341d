#include "app/command_audit.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "alerting/audit.hpp"
#include "store/log_walk.hpp"
#include "store/state_db.hpp"

namespace telltale::app {

namespace {

void print(const char* what, const std::vector<alerting::AuditReport::Key>& keys) {
  for (const auto& key : keys) std::cout << what << ' ' << key.id << ' ' << key.n << '\n';
}

std::size_t clock_steps(const proto::Batch& batch) {
  return static_cast<std::size_t>(std::ranges::count_if(
      batch.events, [](const auto& placed) { return std::holds_alternative<proto::ClockStep>(placed.event); }));
}

int audit(const std::filesystem::path& folder, bool multi_tenant) {
  try {
    if (!std::filesystem::exists(folder / "state.db")) {
      std::cerr << folder.string() << ": no data folder (it has no state.db)\n";
      return 1;
    }
    store::LogWalk walk(folder);
    const store::StateDb state(folder / "state.db");
    const auto history = state.history();
    std::size_t steps = 0;
    const auto next = [&] {
      auto batch = walk.next();
      if (batch) steps += clock_steps(*batch);
      return batch;
    };
    const auto report = alerting::audit(next, history, multi_tenant ? proto::Tenancy::multi : proto::Tenancy::single);
    for (const auto& row : history) std::cout << "alert " << row.id << ' ' << row.n << '\n';
    print("missing", report.missing);
    print("extra", report.extra);
    print("different", report.different);
    if (steps > 0) std::cout << "clock steps " << steps << '\n';
    std::cout << report.batches << " batches give " << report.transitions << " alert transitions; the history has "
              << history.size() << "; missing " << report.missing.size() << ", extra " << report.extra.size()
              << ", different " << report.different.size() << '\n';
    return report.clean() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "telltale audit: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace

void add_audit_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "audit", "Recompute all alerts from the log and compare with the history (needs store.archive_log = true)");
  struct Options {
    std::string data = "data";
    bool multi_tenant = false;
  };
  auto options = std::make_shared<Options>();
  command->add_option("--data", options->data, "Data folder; the service must not be running")->required();
  command->add_flag("--tenants", options->multi_tenant, "The service runs with [tenants] enabled = true");
  command->callback([options, &exit_code] { exit_code = audit(options->data, options->multi_tenant); });
}

}  // namespace telltale::app
