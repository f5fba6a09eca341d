#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale map-test`: what a message comes to by the configuration's mappings; exit 0, 1 when it is refused,
/// 2 when the configuration is wrong.
void add_map_test_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
