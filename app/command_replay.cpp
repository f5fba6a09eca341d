#include "app/command_replay.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/command_run.hpp"
#include "devices/replay.hpp"

namespace telltale::app {
namespace {

struct ReplayArguments {
  std::string url = "mqtt://127.0.0.1:1883";
  std::string username, password_file, ca;
  std::string topic{devices::default_replay_topic};
  std::string client_id = "telltale-replay";
  double speed = 100.0;
  double seconds = 0;
  int qos = 1;
  std::vector<std::string> files;
};

int run(const ReplayArguments& arguments) {
  return run_until_stopped("replay", [&](const Clock& clock, proto::Logger& log, std::stop_token stop) {
    devices::ReplayOptions options;
    options.broker = devices::BrokerUrl::parse(arguments.url);
    options.credentials = credentials_of(arguments.username, arguments.password_file, arguments.ca);
    options.topic = arguments.topic;
    options.client_id = arguments.client_id;
    options.speed = arguments.speed;
    options.qos = arguments.qos;
    options.duration = duration_of(arguments.seconds);
    options.files = arguments.files;
    const auto tally = devices::run_replay(options, clock, log, std::move(stop));
    std::printf("replay: %llu rows, %llu messages, %llu acknowledged\n", static_cast<unsigned long long>(tally.rows),
                static_cast<unsigned long long>(tally.messages), static_cast<unsigned long long>(tally.acknowledged));
  });
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<ReplayArguments>();
  auto* command = app.add_subcommand("replay", "Send recorded sensor data through the broker, re-stamped to now");
  command->add_option("--url", arguments->url, "broker: mqtt://host:port or mqtts://host:port")->capture_default_str();
  command->add_option("--topic", arguments->topic, "topic of each column; {folder}, {stem} and {column} are filled in")
      ->capture_default_str();
  command->add_option("--speed", arguments->speed, "seconds of data per second")->capture_default_str();
  command->add_option("--seconds", arguments->seconds, "end after so many seconds (default: at the end of the files)");
  command->add_option("--qos", arguments->qos, "of telemetry")->check(CLI::IsMember({0, 1}))->capture_default_str();
  command->add_option("--client-id", arguments->client_id, "MQTT client id")->capture_default_str();
  command->add_option("--username", arguments->username, "of the broker");
  command->add_option("--password-file", arguments->password_file, "file with the password");
  command->add_option("--ca", arguments->ca, "PEM file of the certificate authority, for mqtts://");
  command->add_option("FILE", arguments->files, "CSV files, plain or gzip")->required()->check(CLI::ExistingFile);
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace telltale::app
