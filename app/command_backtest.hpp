#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "backtest/history.hpp"
#include "proto/clock.hpp"

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale backtest` (design 5, 8). Exit 0, 1 it failed, 2 bad options or rules. When the command runs it sets
/// `exit_code`. `app` and `exit_code` outlive parsing.
void add_backtest_command(CLI::App& app, int& exit_code);

/// `telltale backtest` as typed.
struct BacktestArguments {
  std::filesystem::path data = {};    // or:
  std::vector<std::string> csv = {};  // files as `telltale replay` reads them
  std::filesystem::path rules = {};
  std::string rule = "*";          // of these rules
  std::string from = {}, to = {};  // "" = all there is; for a data folder until now
  std::string warm_up = {};        // "" = by the rules; "all"
  backtest::SeriesPatterns series = {};
  std::string format = "text";     // or "json"
  std::size_t alerts = 20;         // shown one by one
  std::filesystem::path svg = {};  // "" = no picture
};

/// Prints to `out`, complaints to `err`; the exit code as above.
[[nodiscard]] int run_backtest(const BacktestArguments& arguments, Timestamp now, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
