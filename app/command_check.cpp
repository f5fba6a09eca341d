#include "app/command_check.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/config.hpp"
#include "app/config_text.hpp"

namespace telltale::app {

namespace {

using proto::counted;

int check(const std::string& flag) {
  const auto environment = process_environment();
  const auto file = find_config(flag, environment);
  if (!file) {
    std::cerr << "telltale check: " << no_config_found(environment) << '\n';
    return 2;
  }
  try {
    const auto config = load_config(*file, environment);
    std::cout << file->string() << ": ok: " << broker_url_text(config.mqtt.host, config.mqtt.port, config.mqtt.tls)
              << ", " << counted(config.mqtt.filters.size(), "filter") << ", "
              << counted(config.analytics.rules.size(), "rule") << (config.unusual.enabled ? " (1 built in), " : ", ")
              << counted(config.ingest.decoder.mappings.size(), "mapping") << " (1 built in), "
              << counted(config.notify.channels.size(), "channel") << ", data in " << config.store.path.string()
              << '\n';
    return 0;
  } catch (const ConfigErrors& errors) {
    for (const auto& problem : errors.problems()) std::cerr << problem << '\n';
    return 2;
  }
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("check", "Check a configuration file; exit 0 or 2");
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "Configuration file; default: the one `serve` would use")->type_name("FILE");
  command->callback([file, &exit_code] { exit_code = check(*file); });
}

}  // namespace telltale::app
