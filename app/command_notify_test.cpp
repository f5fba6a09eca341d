#include "app/command_notify_test.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "app/config_option.hpp"
#include "app/system_clock.hpp"
#include "app/version.hpp"
#include "notify/curl_transfer.hpp"
#include "notify/trial.hpp"

namespace telltale::app {

namespace {

int complain(const std::string& what) {
  std::cerr << "telltale notify-test: " << what << '\n';
  return 2;
}

std::string known_names(const notify::NotifyOptions& options) {
  std::string names;
  for (const auto& channel : options.channels) names += (names.empty() ? "" : ", ") + channel.name;
  return names.empty() ? "the configuration has no [[channel]]" : "there are: " + names;
}

int notify_test(const std::string& name, const std::string& flag) {
  try {
    const auto environment = process_environment();
    const auto file = find_config(flag, environment);
    auto options = config_in_use(file, environment).notify;
    options.user_agent = "telltale/" + std::string(version);
    const auto channel = std::ranges::find(options.channels, name, &notify::Channel::name);
    if (channel == options.channels.end() && !file && options.channels.empty())
      return complain("no channel '" + name + "'; " + no_config_found(environment));
    if (channel == options.channels.end()) return complain("no channel '" + name + "'; " + known_names(options));
    notify::CurlTransfer transfer;
    const auto outcome = notify::try_channel(*channel, options, transfer, SystemClock());
    const bool sent = outcome.verdict == notify::Verdict::accepted;
    (sent ? std::cout : std::cerr) << name << " (" << to_string(channel->kind) << ", " << notify::host_of(channel->url)
                                   << "): " << (sent ? "delivered: " : "not delivered: ") << outcome.detail << '\n';
    if (outcome.verdict == notify::Verdict::retry) std::cerr << "the service would try this again for an hour\n";
    return sent ? 0 : 1;
  } catch (const ConfigErrors& errors) {
    for (const auto& problem : errors.problems()) std::cerr << problem << '\n';
    return 2;
  }
}

}  // namespace

void add_notify_test_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("notify-test", "Send a test notification; exit 0 when it was taken, 1 when not");
  auto channel = std::make_shared<std::string>();
  const auto config = add_config_option(*command);
  command->add_option("channel", *channel, "Name of a [[channel]]")->required();
  command->callback([channel, config, &exit_code] { exit_code = notify_test(*channel, *config); });
}

}  // namespace telltale::app
