#include "app/command_fleet.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "app/command_run.hpp"
#include "devices/fleet.hpp"
#include "devices/rate.hpp"
#include "devices/schedule.hpp"
#include "proto/config_error.hpp"

namespace telltale::app {
namespace {

struct FleetArguments {
  std::string url = "mqtt://127.0.0.1:1883";
  std::string username, password_file, ca;
  std::size_t devices = 50;
  std::string rate = "1/s", heartbeat = "60s", faults, scenario, site = "sim";
  double seconds = 0;
  std::uint64_t seed = 1;
  int qos = 1;
};

devices::FleetOptions options_of(const FleetArguments& arguments) {
  devices::FleetOptions options;
  options.broker = devices::BrokerUrl::parse(arguments.url);
  options.credentials = credentials_of(arguments.username, arguments.password_file, arguments.ca);
  options.devices = arguments.devices;
  options.site = arguments.site;
  options.period = devices::parse_rate(arguments.rate);
  options.heartbeat = devices::parse_duration(arguments.heartbeat);
  options.qos = arguments.qos;
  options.seed = arguments.seed;
  options.duration = duration_of(arguments.seconds);
  options.faults = devices::parse_faults(arguments.faults);
  if (arguments.scenario == "demo") options.scenario = devices::Scenario::demo;
  return options;
}

int run(const FleetArguments& arguments) {
  return run_until_stopped("fleet", [&](const Clock& clock, proto::Logger& log, std::stop_token stop) {
    const auto tally = devices::run_fleet(options_of(arguments), clock, log, std::move(stop));
    std::printf(
        "fleet: %llu messages (%llu readings, %llu batches, %llu broken on purpose), %llu acknowledged, "
        "%llu connects, %llu rows lost in full buffers\n",
        static_cast<unsigned long long>(tally.messages), static_cast<unsigned long long>(tally.readings),
        static_cast<unsigned long long>(tally.batches), static_cast<unsigned long long>(tally.bad),
        static_cast<unsigned long long>(tally.delivered), static_cast<unsigned long long>(tally.connects),
        static_cast<unsigned long long>(tally.overflowed));
    if (tally.connects == 0) throw std::runtime_error("no device has connected to " + arguments.url);
  });
}

}  // namespace

void add_fleet_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<FleetArguments>();
  auto* command = app.add_subcommand("fleet", "Run simulated devices, well-behaved and not");
  command->add_option("--url", arguments->url, "broker: mqtt://host:port or mqtts://host:port")->capture_default_str();
  command->add_option("--devices", arguments->devices, "how many")->capture_default_str();
  command->add_option("--rate", arguments->rate, "readings of each device, like 1/s or 6/min")->capture_default_str();
  command->add_option("--heartbeat", arguments->heartbeat, "announced heartbeat, like 10s")->capture_default_str();
  command->add_option("--site", arguments->site, "site level of their topics")->capture_default_str();
  command->add_option("--qos", arguments->qos, "of telemetry")->check(CLI::IsMember({0, 1}))->capture_default_str();
  command->add_option("--seed", arguments->seed, "of values and faults")->capture_default_str();
  command->add_option("--seconds", arguments->seconds, "end after so many seconds (default: run until stopped)");
  auto* faults = command->add_option(
      "--faults", arguments->faults,
      "comma-separated: spike,jump,drift,stuck,drop,silent,flap,skew,unset,badjson,dupid,sleep; once a minute each");
  command->add_option("--scenario", arguments->scenario, "demo: a fixed schedule of faults, all within a minute")
      ->check(CLI::IsMember({"demo"}))
      ->excludes(faults);
  command->add_option("--username", arguments->username, "of the broker");
  command->add_option("--password-file", arguments->password_file, "file with the password");
  command->add_option("--ca", arguments->ca, "PEM file of the certificate authority, for mqtts://");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace telltale::app
