#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace telltale::app {

struct ForgetArguments {
  std::filesystem::path data;
  std::string tenant, site, device;  // "" = not given
  bool dry_run = false;
  bool yes = false;
};

/// Deletes the data of a device, a site or a tenant in the folder of a stopped service. Exit codes: 0 done, or what
/// would go was printed; 1 nothing of that name, the folder is in use or not writable; 2 more has to be said.
int run_forget(const ForgetArguments& arguments, std::ostream& out, std::ostream& err);
void add_forget_command(CLI::App& app, int& exit_code);

}  // namespace telltale::app
