#pragma once

#include <filesystem>
#include <iosfwd>

namespace CLI {
class App;
}

namespace telltale::proto {
class Logger;
}

namespace telltale::app {

/// Adds `telltale verify` (design 8). Exit 0 no damage, 1 damage found or no usable data folder. When the command runs
/// it sets `exit_code`. `app` and `exit_code` outlive parsing.
void add_verify_command(CLI::App& app, int& exit_code);

enum class Mend : std::uint8_t { look, salvage };

/// Prints a line for each problem and a summary to `out`, complaints to `err`; the exit code as above. With salvage it
/// takes the folder's lock and rewrites damaged day files.
[[nodiscard]] int run_verify(const std::filesystem::path& data, Mend mend, std::ostream& out, std::ostream& err);

}  // namespace telltale::app
