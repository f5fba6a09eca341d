#pragma once

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale audit`: recomputes every alert from the kept log and compares with the history.
void add_audit_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
