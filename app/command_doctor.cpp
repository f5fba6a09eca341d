#include "app/command_doctor.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/config_option.hpp"
#include "app/doctor.hpp"
#include "app/system_clock.hpp"

namespace telltale::app {

namespace {

enum ExitCode { well = 0, ill = 1, wrong_configuration = 2 };

void print(const Diagnosis& diagnosis) {
  constexpr std::string_view words[] = {"ok     ", "doubt  ", "BAD    "};
  std::cout << words[static_cast<std::size_t>(diagnosis.verdict)] << diagnosis.what << ": " << diagnosis.detail << '\n';
  if (!diagnosis.remedy.empty()) std::cout << "       -> " << diagnosis.remedy << '\n';
  std::cout << std::flush;
}

std::vector<Diagnosis> broker_of(const Config& config) {
  try {
    return examine_broker(config, SystemClock{});
  } catch (const std::exception& error) {  // certificates that cannot be used
    return {{Diagnosis::Verdict::bad, "broker", error.what(), "correct the [mqtt] section"}};
  }
}

int doctor(const std::string& flag) {
  const auto environment = process_environment();
  const auto file = find_config(flag, environment);
  Config config;
  try {
    config = config_in_use(file, environment);
  } catch (const ConfigErrors& errors) {
    for (const auto& problem : errors.problems()) print({Diagnosis::Verdict::bad, "configuration", problem, ""});
    return wrong_configuration;
  }
  print({Diagnosis::Verdict::good, "configuration", file ? file->string() : no_config_found(environment), ""});
  bool bad = false;
  for (const auto& examine : {&examine_machine, &examine_files, &broker_of}) {
    const auto found = examine(config);
    std::ranges::for_each(found, &print);
    bad |= std::ranges::any_of(found, [](const Diagnosis& d) { return d.verdict == Diagnosis::Verdict::bad; });
  }
  return bad ? ill : well;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "doctor",
      "Look for what loses data: configuration, clock, disk, permissions, the broker's queue; exit 0, 1 or 2");
  const auto config = add_config_option(*command);
  command->callback([config, &exit_code] { exit_code = doctor(*config); });
}

}  // namespace telltale::app
