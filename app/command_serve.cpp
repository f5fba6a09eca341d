#include "app/command_serve.hpp"

#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "app/config.hpp"
#include "app/config_option.hpp"
#include "app/logger.hpp"
#include "app/service.hpp"
#include "app/service_manager.hpp"
#include "app/system_clock.hpp"

namespace telltale::app {

namespace {

/// A service that was killed holds its data folder until the kernel has taken down its memory.
constexpr Millis lock_within{5000};

Config load(const std::string& flag) {
  const auto environment = process_environment();
  return config_in_use(find_config(flag, environment), environment);
}

int serve(const std::string& flag) {
  // Before any thread exists, so that every thread leaves these to sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(::umask(0) | S_IRWXO);  // readings are nobody else's on this machine

  try {
    auto config = load(flag);
    config.store.lock_within = lock_within;
    const SystemClock clock;
    SpdLogger log(config.log);
    ServiceManager manager(ServiceManager::from_environment(), clock, log);
    const auto environment = process_environment();
    if (!find_config(flag, environment))
      log.info("config", no_config_found(environment) + "; running on defaults and the environment");
    Service service(std::move(config), clock, log);
    service.start();
    manager.ready();
    while (true) {
      constexpr timespec a_while{.tv_sec = 0, .tv_nsec = 300'000'000};
      const int signal = sigtimedwait(&signals, nullptr, &a_while);
      manager.tend(service.tend());
      if (signal < 0) continue;  // nothing came, or a debugger interrupted
      if (signal != SIGHUP) break;
      manager.reloading();
      try {
        auto fresh = load(flag);
        const auto level = fresh.log.level;
        service.reload(std::move(fresh));
        log.set_level(level);
      } catch (const ConfigErrors& errors) {
        service.reload_failed(errors);
      }
      manager.ready();
    }
    manager.stopping();
    service.stop();
    return 0;
  } catch (const proto::ConfigError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "telltale: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Run the service until SIGTERM");
  const auto config = add_config_option(*command);
  command->callback([config, &exit_code] { exit_code = serve(*config); });
}

}  // namespace telltale::app
