#include <iostream>

#include <CLI/CLI.hpp>

#include "app/command_audit.hpp"
#include "app/command_backtest.hpp"
#include "app/command_check.hpp"
#include "app/command_config.hpp"
#include "app/command_deadletter.hpp"
#include "app/command_doctor.hpp"
#include "app/command_export.hpp"
#include "app/command_fleet.hpp"
#include "app/command_forget.hpp"
#include "app/command_healthcheck.hpp"
#include "app/command_key.hpp"
#include "app/command_map_test.hpp"
#include "app/command_model.hpp"
#include "app/command_notify_test.hpp"
#include "app/command_query.hpp"
#include "app/command_replay.hpp"
#include "app/command_score.hpp"
#include "app/command_serve.hpp"
#include "app/command_sql.hpp"
#include "app/command_verify.hpp"
#include "app/version.hpp"

int main(int argc, char** argv) {
  using namespace telltale::app;
  CLI::App app{"Listens to fleets of sensors over MQTT, stores every reading, and tells what is wrong.", "telltale"};
  app.set_version_flag("--version", std::string(version) + " (" + std::string(revision) + ")");
  app.require_subcommand(1);
  int exit_code = 0;
  add_serve_command(app, exit_code);
  add_check_command(app, exit_code);
  add_config_command(app, exit_code);
  add_query_command(app, exit_code);
  add_deadletter_command(app, exit_code);
  add_sql_command(app, exit_code);
  add_export_command(app, exit_code);
  add_verify_command(app, exit_code);
  add_forget_command(app, exit_code);
  add_key_command(app, exit_code);
  add_audit_command(app, exit_code);
  add_healthcheck_command(app, exit_code);
  add_doctor_command(app, exit_code);
  add_notify_test_command(app, exit_code);
  add_map_test_command(app, exit_code);
  add_fleet_command(app, exit_code);
  add_replay_command(app, exit_code);
  add_score_command(app, exit_code);
  add_backtest_command(app, exit_code);
  add_model_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;   // --help and --version come this way too
  } catch (const std::exception& error) {  // such as a folder that may not be looked into
    std::cerr << "telltale: " << error.what() << '\n';
    return 1;
  }
  return exit_code;
}
