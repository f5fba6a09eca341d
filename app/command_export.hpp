#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "proto/clock.hpp"

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale export` (design 8). Exit 0, 1 it failed, 2 bad options. When the command runs it sets `exit_code`.
/// `app` and `exit_code` outlive parsing.
void add_export_command(CLI::App& app, int& exit_code);

/// `telltale export` as typed. Empty: all.
struct ExportArguments {
  std::filesystem::path data;
  std::string format = "csv";  // or "sqlite"
  std::filesystem::path out;   // "-" = standard output (csv)
  std::string from, to;
  std::string tenant, site, device, metric;
};

/// Writes to the file, or for csv with out "-" to `standard_out`; complaints to `err`; the exit code as above. A file
/// that is there already is left alone. Memory: one day of one series.
[[nodiscard]] int run_export(const ExportArguments& arguments, Timestamp now, std::ostream& standard_out,
                             std::ostream& err);

}  // namespace telltale::app
