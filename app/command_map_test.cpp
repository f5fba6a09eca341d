#include "app/command_map_test.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>

#include "api/mapping_trial.hpp"
#include "app/config.hpp"
#include "app/config_option.hpp"
#include "app/system_clock.hpp"

namespace telltale::app {

namespace {

int map_test(const std::string& topic, std::string payload, const std::string& flag) {
  try {
    const auto environment = process_environment();
    const auto config = config_in_use(find_config(flag, environment), environment);
    const auto trial = api::try_message(config.ingest.decoder, topic, std::move(payload), SystemClock().now());
    if (trial.refusal) {
      std::cerr << "telltale map-test: " << *trial.refusal << '\n';
      return 1;
    }
    std::cout << trial.decoded << '\n';
    return 0;
  } catch (const proto::ConfigError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}

std::string standard_input() { return {std::istreambuf_iterator<char>(std::cin), {}}; }

}  // namespace

void add_map_test_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "map-test", "Show what a message is decoded to, by the configured mappings; exit 0, or 1 when it cannot be");
  auto topic = std::make_shared<std::string>();
  auto payload = std::make_shared<std::string>();
  const auto config = add_config_option(*command);
  command->add_option("--topic", *topic, "As a device publishes it")->required();
  const auto* given = command->add_option("--payload", *payload, "The message [what standard input says]");
  command->callback([topic, payload, given, config, &exit_code] {
    exit_code = map_test(*topic, given->count() > 0 ? *payload : standard_input(), *config);
  });
}

}  // namespace telltale::app
