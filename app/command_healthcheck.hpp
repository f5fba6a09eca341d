#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale healthcheck`: exit 0 when /readyz answers 200, else 1.
/// When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_healthcheck_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
