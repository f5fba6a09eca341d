#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale sql` (design 8). Exit 0, 1 a statement failed or no usable data folder. When the command runs it sets
/// `exit_code`. `app` and `exit_code` outlive parsing.
void add_sql_command(CLI::App& app, int& exit_code);

struct SqlArguments {
  std::filesystem::path data;
  std::string statements;  // "" = read them from the input, each run when it is whole
  std::string format = "table";
};

/// The exit code as above. A statement that fails ends it, unless statements come from the input.
[[nodiscard]] int run_sql(const SqlArguments& arguments, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
