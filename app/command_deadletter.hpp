#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale deadletter list` and `telltale deadletter replay`.
/// When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_deadletter_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
