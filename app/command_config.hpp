#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale config example`.
/// When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_config_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
