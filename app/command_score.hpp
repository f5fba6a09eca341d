#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale score`. When the command runs it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_score_command(CLI::App& app, int& exit_code);

/// timestamp,value in; timestamp,value,anomaly_score out: what the default detector would report, 0 where nothing.
/// Every row comes back, in order and as it was written. A row that is not newer than all before it, or whose value is
/// no finite number, scores 0 and teaches nothing. Returns 0, or 2 after telling `err` which line is wrong.
int run_score(std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
