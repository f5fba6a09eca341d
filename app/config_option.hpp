#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace telltale::app {

/// Adds --config to a command; what was given is there when the command runs, "" = nothing.
inline std::shared_ptr<std::string> add_config_option(CLI::App& command) {
  auto file = std::make_shared<std::string>();
  command.add_option("--config", *file, "Configuration file (TOML)")->type_name("FILE");
  return file;
}

}  // namespace telltale::app
