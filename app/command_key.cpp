#include "app/command_key.hpp"

#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>
#include <memory>

#include "api/new_key.hpp"
#include "app/system_clock.hpp"
#include "proto/timestamp.hpp"
#include "proto/topic.hpp"
#include "store/catalog.hpp"
#include "store/keys_db.hpp"

namespace telltale::app {

namespace {

enum ExitCode { done = 0, failed = 1, wrong_arguments = 2 };

/// A service or another command has the file open, too: SQLite keeps them apart.
store::KeysDb open_keys(const std::filesystem::path& data) {
  if (!std::filesystem::exists(data / store::Catalog::file_name)) {
    throw store::StoreFailure(data.string() + ": is no data folder (no catalog.db): start the service once");
  }
  return store::KeysDb(data / store::KeysDb::file_name);
}

int say(const std::exception& error, std::ostream& err) {
  err << "telltale key: " << error.what() << '\n';
  return failed;
}

std::string scopes_text(const store::KeyScopes& scopes) {
  std::string text;
  for (const auto name : api::scope_names(scopes)) text.append(text.empty() ? "" : ",").append(name);
  return text;
}

}  // namespace

int create_key(const KeyCreation& wanted, Timestamp now, std::ostream& out, std::ostream& err) {
  if (const auto fault = api::fault_of_scopes(wanted.scopes)) {
    err << "telltale key: --scope: " << *fault << '\n';
    return wrong_arguments;
  }
  if (!proto::valid_tenant(wanted.tenant)) {
    err << "telltale key: --tenant: '" << wanted.tenant << "' is no tenant: " << proto::site_syntax << '\n';
    return wrong_arguments;
  }
  if (const auto fault = api::fault_of_key_name(wanted.name)) {
    err << "telltale key: --name: " << *fault << '\n';
    return wrong_arguments;
  }
  try {
    const auto key = api::make_key({wanted.tenant, wanted.name, wanted.scopes}, now);
    open_keys(wanted.data).add(key.stored);
    err << "This is the key. It is not kept and cannot be shown again:\n";
    out << key.text << '\n' << std::flush;
    return done;
  } catch (const std::exception& error) {
    return say(error, err);
  }
}

int list_keys(const std::filesystem::path& data, std::ostream& out, std::ostream& err) {
  try {
    const auto keys = open_keys(data).all();
    out << std::left << std::setw(14) << "id" << std::setw(26) << "tenant" << std::setw(18) << "scopes" << std::setw(22)
        << "created" << std::setw(22) << "revoked"
        << "name\n";
    for (const auto& key : keys) {
      const auto seconds = [](Timestamp t) {
        return proto::format_rfc3339(std::chrono::floor<std::chrono::seconds>(t));
      };
      out << std::setw(14) << key.id << std::setw(26) << key.tenant << std::setw(18) << scopes_text(key.scopes)
          << std::setw(22) << seconds(key.created) << std::setw(22) << (key.revoked ? seconds(*key.revoked) : "-")
          << key.name << '\n';
    }
    return done;
  } catch (const std::exception& error) {
    return say(error, err);
  }
}

int revoke_key(const std::filesystem::path& data, const std::string& id, Timestamp now, std::ostream& out,
               std::ostream& err) {
  try {
    if (!open_keys(data).revoke(id, now)) {
      err << "telltale key: no key that is in force has this id; see telltale key list\n";
      return failed;
    }
    out << id << " is revoked\n";
    return done;
  } catch (const std::exception& error) {
    return say(error, err);
  }
}

void add_key_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("key", "Keys for the HTTP interface; a running service does not mind");
  command->require_subcommand(1);

  auto wanted = std::make_shared<KeyCreation>();
  auto* create = command->add_subcommand("create", "Make a key and print it, this once");
  create->add_option("--data", wanted->data, "The data folder")->required();
  create->add_option("--name", wanted->name, "Who will use it")->required();
  create->add_option("--tenant", wanted->tenant, "The tenant that it sees")->capture_default_str();
  create->add_option("--scope", wanted->scopes, "read, write, admin; several with commas")
      ->delimiter(',')
      ->capture_default_str();
  create->callback(
      [wanted, &exit_code] { exit_code = create_key(*wanted, SystemClock().now(), std::cout, std::cerr); });

  struct Options {
    std::filesystem::path data;
    std::string id;
  };
  auto options = std::make_shared<Options>();
  auto* list = command->add_subcommand("list", "All keys, without their secrets");
  list->add_option("--data", options->data, "The data folder")->required();
  list->callback([options, &exit_code] { exit_code = list_keys(options->data, std::cout, std::cerr); });

  auto* revoke = command->add_subcommand("revoke", "End a key, at once and for ever");
  revoke->add_option("--data", options->data, "The data folder")->required();
  revoke->add_option("id", options->id, "Its id, as in the list")->required();
  revoke->callback([options, &exit_code] {
    exit_code = revoke_key(options->data, options->id, SystemClock().now(), std::cout, std::cerr);
  });
}

}  // namespace telltale::app
