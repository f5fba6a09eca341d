#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale doctor`.
void add_doctor_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
