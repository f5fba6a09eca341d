#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale notify-test CHANNEL`.
void add_notify_test_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
