#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "proto/clock.hpp"
#include "proto/learned_model.hpp"

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale model export|import|reset`. Exit 0, 1 it failed, 2 bad options, files or models. When a command runs
/// it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_model_command(CLI::App& app, int& exit_code);

/// Which models are meant: patterns with `*`.
struct ModelPatterns {
  std::string tenant = "*", site = "*", device = "*", metric = "*", rule = "*";
  [[nodiscard]] bool match(const proto::LearnedModel& model) const;
};

// Each prints to `out`, complaints to `err`, and returns the exit code.

/// What was learned until the last checkpoint, as a file for import: beside a running service, or without one.
[[nodiscard]] int run_model_export(const Config& config, const ModelPatterns& patterns, std::ostream& out,
                                   std::ostream& err);
/// Writes what a file says into the log, where the service finds it at its next start, at its place among the
/// readings. All of it or nothing. The service must be stopped. `moves`: "site1/esp32-7=home/boiler",
/// "site1/esp32-7/t=home/boiler/temperature".
[[nodiscard]] int run_model_import(const Config& config, std::string_view file, const std::vector<std::string>& moves,
                                   const Clock& clock, std::ostream& out, std::ostream& err);
/// The same with "knows nothing" for all that match.
[[nodiscard]] int run_model_reset(const Config& config, const ModelPatterns& patterns, const Clock& clock,
                                  std::ostream& out, std::ostream& err);

}  // namespace telltale::app
