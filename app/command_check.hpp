#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale check FILE`: exit 0, or 2 with every problem on stderr. Touches nothing but the file and its password
/// files. When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_check_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
