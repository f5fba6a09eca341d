#include "app/command_config.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/config.hpp"

namespace telltale::app {

void add_config_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("config", "About the configuration file");
  command->require_subcommand(1);
  command->add_subcommand("example", "Print every key with its default, unit and a comment")->callback([&exit_code] {
    std::cout << example_config();
    exit_code = 0;
  });
}

}  // namespace telltale::app
