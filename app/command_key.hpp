#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "proto/clock.hpp"

namespace CLI {
class App;
}

namespace telltale::app {

/// Adds `telltale key create|list|revoke`: who may ask over HTTP. A running service does not mind, and follows at its
/// next request. Exit 0, 1 no such key or no usable data folder, 2 arguments that make no sense. `app` and `exit_code`
/// outlive parsing.
void add_key_command(CLI::App& app, int& exit_code);

struct KeyCreation {
  std::filesystem::path data;
  std::string tenant = "default";
  std::string name;
  std::vector<std::string> scopes = {"read"};
};

/// Prints the key to `out`, alone, the only time that it can be seen. The exit code, as of all three.
[[nodiscard]] int create_key(const KeyCreation& wanted, Timestamp now, std::ostream& out, std::ostream& err);
[[nodiscard]] int list_keys(const std::filesystem::path& data, std::ostream& out, std::ostream& err);
[[nodiscard]] int revoke_key(const std::filesystem::path& data, const std::string& id, Timestamp now, std::ostream& out,
                             std::ostream& err);

}  // namespace telltale::app
