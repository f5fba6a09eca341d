#include "app/command_model.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>

#include "app/config_text.hpp"
#include "app/system_clock.hpp"

namespace telltale::app {

namespace {

struct Options {
  std::string config, file;
  ModelPatterns patterns;
  std::vector<std::string> moves;
};

void add_patterns(CLI::App* command, const std::shared_ptr<Options>& o) {
  command->add_option("--config", o->config, "The service's configuration file")->type_name("FILE");
  command->add_option("--tenant", o->patterns.tenant, "Only these; takes *")->capture_default_str();
  command->add_option("--site", o->patterns.site, "Only these; takes *")->capture_default_str();
  command->add_option("--device", o->patterns.device, "Only these; takes *")->capture_default_str();
  command->add_option("--metric", o->patterns.metric, "Only these; takes *")->capture_default_str();
  command->add_option("--rule", o->patterns.rule, "Only what these rules learned; takes *")->capture_default_str();
}

/// With the configuration, as the service would have it.
int with_config(const std::string& flag, const std::function<int(const Config&)>& work) {
  try {
    const auto environment = process_environment();
    return work(config_in_use(find_config(flag, environment), environment));
  } catch (const proto::ConfigError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}

int import_file(const Options& o) {
  errno = 0;
  std::ifstream file(o.file);
  std::stringstream text;
  if (!(text << file.rdbuf())) {
    std::cerr << "telltale model import: " << cannot_be_read(o.file) << '\n';
    return 2;
  }
  return with_config(o.config, [&](const Config& config) {
    return run_model_import(config, text.str(), o.moves, SystemClock(), std::cout, std::cerr);
  });
}

}  // namespace

void add_model_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("model", "What rules learned of their series: carry it elsewhere, or forget it");
  command->require_subcommand(1);

  auto give = std::make_shared<Options>();
  auto* exporting = command->add_subcommand("export", "Print it as JSON; a running service does not mind");
  add_patterns(exporting, give);
  exporting->callback([give, &exit_code] {
    exit_code = with_config(give->config, [&](const Config& config) {
      return run_model_export(config, give->patterns, std::cout, std::cerr);
    });
    if (!std::cout.flush()) exit_code = 1;
  });

  auto take = std::make_shared<Options>();
  auto* importing = command->add_subcommand("import",
                                            "Let rules know what a file of `model export` says; the service "
                                            "must be stopped");
  importing->add_option("--config", take->config, "The service's configuration file")->type_name("FILE");
  importing->add_option("--map", take->moves,
                        "The series is called otherwise here: site1/esp32-7=home/boiler, or with metrics "
                        "site1/esp32-7/t=home/boiler/temperature");
  importing->add_option("FILE", take->file, "The file")->required();
  importing->callback([take, &exit_code] { exit_code = import_file(*take); });

  auto forget = std::make_shared<Options>();
  auto* resetting = command->add_subcommand("reset", "Let rules learn anew; the service must be stopped");
  add_patterns(resetting, forget);
  resetting->callback([forget, &exit_code] {
    exit_code = with_config(forget->config, [&](const Config& config) {
      return run_model_reset(config, forget->patterns, SystemClock(), std::cout, std::cerr);
    });
  });
}

}  // namespace telltale::app
