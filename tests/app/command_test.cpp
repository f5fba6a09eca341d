#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "api/health.hpp"
#include "api/http_server.hpp"
#include "app/command_check.hpp"
#include "app/command_config.hpp"
#include "app/command_healthcheck.hpp"
#include "app/command_map_test.hpp"
#include "app/command_notify_test.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::app {
namespace {

/// What a command prints, instead of the terminal.
class Captured {
 public:
  Captured() : out_(std::cout.rdbuf(out.rdbuf())), err_(std::cerr.rdbuf(err.rdbuf())) {}
  ~Captured() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
  }
  std::ostringstream out, err;

 private:
  std::streambuf* out_;
  std::streambuf* err_;
};

/// A variable of this process's environment, for a while.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

int run(void (*add)(CLI::App&, int&), std::vector<std::string> arguments) {
  CLI::App app;
  int exit_code = -1;
  add(app, exit_code);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  app.parse(arguments);
  return exit_code;
}

TEST_CASE("healthcheck is 0 for a ready service, 1 for one that is not or not there", "[app]") {
  test::SimulatedClock clock;
  test::RecordingLogger log;
  test::PlainMetrics metrics;
  api::HttpOptions options;
  options.port = 0;
  std::atomic<bool> ready = true;
  api::HttpServer server(options, {api::readyz_route({{"mqtt", [&] { return std::string(ready ? "ok" : "down"); }}})},
                         clock, log, metrics);
  server.start();
  const auto url = "http://127.0.0.1:" + std::to_string(server.port());
  Captured captured;
  CHECK(run(&add_healthcheck_command, {"healthcheck", "--url", url}) == 0);
  CHECK(run(&add_healthcheck_command, {"healthcheck", "--url", url + "/"}) == 0);
  const auto file = std::filesystem::temp_directory_path() / ("telltale-health-" + std::to_string(getpid()) + ".toml");
  const auto configured = [&](const std::string& listen, const char* more = "") {
    std::ofstream(file) << "[http]\nlisten = \"" << listen << ':' << server.port() << "\"\n" << more;
    return run(&add_healthcheck_command, {"healthcheck", "--config", file.string()});
  };
  CHECK(configured("127.0.0.1") == 0);
  CHECK(configured("0.0.0.0") == 0);
  CHECK(configured("127.0.0.2") == 1);
  static_cast<void>(configured("127.0.0.1", "colour = 1\n"));  // asks at the usual place, where there may be one
  CHECK(captured.err.str().find("colour") != std::string::npos);
  std::filesystem::remove(file);
  ready = false;
  CHECK(run(&add_healthcheck_command, {"healthcheck", "--url", url}) == 1);
  CHECK(captured.out.str().find(R"({"status":"degraded","checks":{"mqtt":"down"}})") != std::string::npos);
  server.stop();
  CHECK(run(&add_healthcheck_command, {"healthcheck", "--url", url}) == 1);
  CHECK(run(&add_healthcheck_command, {"healthcheck", "--url", "file:///etc/passwd"}) == 1);
}

TEST_CASE("map-test shows what a message is stored as, or why it is refused", "[app]") {
  const auto file = std::filesystem::temp_directory_path() / ("telltale-map-" + std::to_string(getpid()) + ".toml");
  const auto configure = [&](const char* text) { std::ofstream(file) << text; };
  Captured captured;
  const auto test = [&](const std::string& topic, const std::string& payload) {
    captured.out.str("");
    captured.err.str("");
    return run(&add_map_test_command, {"map-test", "--config", file.string(), "--topic", topic, "--payload", payload});
  };
  configure(
      "[[mapping]]\nname = \"plug\"\ntopic = \"tele/{device}/SENSOR\"\nset = {site = \"home\"}\n"
      "time = {at = \"/Time\", zone = \"Europe/Berlin\"}\nmetrics = \"auto\"\n");
  CHECK(test("tele/plug3/SENSOR", R"({"Time":"2025-11-21T05:40:00","ENERGY":{"Power":12}})") == 0);
  const auto said = captured.out.str();
  CAPTURE(said);
  CHECK(said.starts_with(
      R"({"kind":"telemetry","mapping":"plug","site":"home","device":"plug3","samples":[{"metric":")"));
  CHECK(said.find(R"("value":12)") != std::string::npos);
  CHECK(said.ends_with("}\n"));
  CHECK(test("tele/plug3/SENSOR", "{") == 1);
  CHECK(captured.err.str().starts_with("telltale map-test: bad_json: "));
  CHECK(captured.out.str().empty());
  CHECK(test("nobodys/topic", "1") == 1);
  CHECK(test("status/home/plug3", "") == 0);  // is a payload, too: it deletes a retained status
  CHECK(captured.out.str().starts_with(R"({"kind":"ignored",)"));
  {
    std::istringstream in("23.4");
    auto* const before = std::cin.rdbuf(in.rdbuf());
    CHECK(run(&add_map_test_command, {"map-test", "--config", file.string(), "--topic", "sensors/temperature/room1"}) ==
          0);
    std::cin.rdbuf(before);
  }
  CHECK(captured.out.str().find(R"("metric":"temperature")") != std::string::npos);
  configure("[[mapping]]\nname = \"plug\"\n");
  CHECK(test("a", "1") == 2);
  CHECK(captured.err.str().find("mapping") != std::string::npos);
  std::filesystem::remove(file);
}

TEST_CASE("check is 0 with a summary, or 2 with every problem on a line of its own", "[app][lesson-30]") {
  const auto file = std::filesystem::temp_directory_path() / ("telltale-check-" + std::to_string(getpid()) + ".toml");
  const auto check = [&](const char* text) {
    std::ofstream(file) << text;
    return run(&add_check_command, {"check", file.string()});
  };
  {
    Captured captured;
    CHECK(check("[mqtt]\nurl = \"mqtt://h\"\n[[rule]]\nname = \"r\"\nabove = 1\n") == 0);
    CHECK(
        captured.out.str() ==
        file.string() +
            ": ok: mqtt://h:1883, 5 filters, 2 rules (1 built in), 1 mapping (1 built in), 0 channels, data in data\n");
  }
  {
    Captured captured;
    CHECK(check("[mqtt]\nurk = 1\nfilters = \"x\"\n") == 2);
    CHECK(captured.err.str() ==
          file.string() + ":2:1: mqtt.urk: unknown key, did you mean 'url'?\n" + file.string() +
              ":3:11: mqtt.filters: expected a list such as [\"a\", \"b\"], found the text \"x\"\n");
    CHECK(captured.out.str().empty());
  }
  std::filesystem::remove(file);
  Captured captured;
  CHECK(run(&add_check_command, {"check", file.string()}) == 2);
}

TEST_CASE("notify-test without a configuration file says where it was looked for", "[app]") {
  const test::TemporaryFolder home;
  const Variable no_xdg("XDG_CONFIG_HOME", home.path().string()), none("TELLTALE_CONFIG", "");
  if (std::filesystem::exists("/etc/telltale/telltale.toml")) return;
  Captured captured;
  CHECK(run(&add_notify_test_command, {"notify-test", "ops"}) == 2);
  CHECK(
      captured.err.str() ==
      "telltale notify-test: no channel 'ops'; no configuration file: neither --config nor TELLTALE_CONFIG names one, "
      "and there is none at " +
          (home.path() / "telltale/telltale.toml").string() + " or /etc/telltale/telltale.toml\n");
}

TEST_CASE("config example prints a file that check accepts", "[app]") {
  Captured captured;
  CHECK(run(&add_config_command, {"config", "example"}) == 0);
  CHECK(captured.out.str().find("[mqtt]\nurl = ") != std::string::npos);
}

}  // namespace
}  // namespace telltale::app
