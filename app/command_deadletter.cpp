#include "app/command_deadletter.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/command_deadletter_list.hpp"
#include "app/command_deadletter_replay.hpp"
#include "app/command_run.hpp"
#include "app/system_clock.hpp"
#include "devices/paho_wire.hpp"
#include "proto/config_error.hpp"
#include "proto/outcome.hpp"

namespace telltale::app {

namespace {

struct Arguments {
  std::string data, reason, format = "table", url = "mqtt://127.0.0.1:1883", username, password_file, ca;
  std::size_t limit = 0;
};

/// More than fit the largest store with the shortest letters.
constexpr std::size_t every_letter = 10'000'000;

std::vector<store::Reader::DeadLetterRow> read(const Arguments& a) {
  const bool filtered = !a.reason.empty() || a.limit == 0;
  const store::Reader reader(a.data);
  return chosen_letters(reader.dead_letters(filtered ? every_letter : a.limit), a.reason, a.limit);
}

int list(const Arguments& a) {
  print_dead_letters(read(a), a.format, std::cout);
  return std::cout.flush() ? 0 : 1;
}

int replay(const Arguments& a) {
  const auto letters = read(a);
  devices::PahoWireOptions options;
  options.broker = devices::BrokerUrl::parse(a.url);
  options.credentials = credentials_of(a.username, a.password_file, a.ca);
  options.client_id = "telltale-deadletter-" + std::to_string(getpid());
  devices::PahoWire wire(std::move(options));
  const SystemClock clock;
  const auto count = replay_dead_letters(letters, wire, a.url, clock, std::cerr);
  std::cout << count.sent << " of " << letters.size() << " sent again";
  if (count.cut_short > 0) std::cout << "; " << count.cut_short << " were too large to be kept whole";
  std::cout << '\n';
  return count.complete ? 0 : 1;
}

int guarded(int (*work)(const Arguments&), const Arguments& a) {
  try {
    return work(a);
  } catch (const proto::ConfigError& error) {
    std::cerr << "telltale deadletter: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "telltale deadletter: " << error.what() << '\n';
    return 1;
  }
}

void add_selection(CLI::App& command, Arguments& a) {
  command.add_option("--data", a.data, "The data folder; a running service does not mind")->required();
  command.add_option("--reason", a.reason, "Only these")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(proto::dead_letter_reason_names),
                                                     std::end(proto::dead_letter_reason_names))));
}

}  // namespace

void add_deadletter_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("deadletter", "Messages that could not be taken");
  command->require_subcommand(1);

  auto* listing = command->add_subcommand("list", "Print them, newest first");
  auto shown = std::make_shared<Arguments>();
  shown->limit = 20;
  add_selection(*listing, *shown);
  listing->add_option("--limit", shown->limit, "At most so many; 0: all")->capture_default_str();
  listing->add_option("--format", shown->format, "table, or json: one object a line")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  listing->callback([shown, &exit_code] { exit_code = guarded(&list, *shown); });

  auto* again = command->add_subcommand("replay", "Publish them again, oldest first, QoS 1");
  auto sent = std::make_shared<Arguments>();
  add_selection(*again, *sent);
  again->add_option("--limit", sent->limit, "Only the newest so many; 0: all")->capture_default_str();
  again->add_option("--url", sent->url, "mqtt://host:port or mqtts://host:port")->capture_default_str();
  again->add_option("--username", sent->username, "User name at the broker");
  again->add_option("--password-file", sent->password_file, "File whose first line is the password");
  again->add_option("--ca", sent->ca, "PEM file of the broker's authority");
  again->callback([sent, &exit_code] { exit_code = guarded(&replay, *sent); });
}

}  // namespace telltale::app
