#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale query` (design 8). Exit 0, 1 unknown device or unusable data folder, 2 several sites match or bad
/// options. When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_query_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
