#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/config.hpp"

namespace telltale::app {
namespace {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "telltale-config-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

void write(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::vector<std::string> problems_of(const Environment& environment) {
  try {
    (void)parse_config("[mqtt]\nurl = \"mqtt://file\"\n", "t.toml", environment);
  } catch (const ConfigErrors& errors) {
    return errors.problems();
  }
  return {};
}

TEST_CASE("the environment beats the file, in every kind of value", "[app]") {
  const auto c = parse_config("[mqtt]\nurl = \"mqtt://file\"\n[tenants]\nenabled = false\n", "t.toml",
                              {{"TELLTALE_MQTT__URL", "mqtt://environment:1999"},
                               {"TELLTALE_TENANTS__ENABLED", "true"},
                               {"TELLTALE_INGEST__BATCH_READINGS", "77"},
                               {"TELLTALE_INGEST__BATCH_DELAY", "5ms"},
                               {"TELLTALE_INGEST__NUMERIC_METRICS", "a,b*"},
                               {"TELLTALE_MQTT__FILTERS", "[\"+/telemetry/#\"]"},
                               {"TELLTALE_ANALYTICS__WINDOWS", "10s,1m"},
                               {"TELLTALE_CONFIG", "not a key"},
                               {"TELLTALE_FAIL_POINT", "not a key"}});
  CHECK(c.mqtt.host == "environment");
  CHECK(c.mqtt.port == 1999);
  CHECK(c.multi_tenant);
  CHECK(c.ingest.batch_readings == 77);
  CHECK(c.ingest.batch_delay == Millis{5});
  CHECK(c.ingest.decoder.numeric_metrics == std::vector<std::string>{"a", "b*"});
  CHECK(c.mqtt.filters == std::vector<std::string>{"+/telemetry/#"});
  CHECK(c.analytics.windows == std::vector{Millis{10'000}, Millis{60'000}});
}

TEST_CASE("a mistake in the environment names the variable", "[app][lesson-30]") {
  auto [variable, text, problem] = GENERATE(table<const char*, const char*, const char*>({
      {"TELLTALE_MQTT__URL", "tcp://x", "environment TELLTALE_MQTT__URL"},
      {"TELLTALE_MQTT__RECEIVE_MAXIMUM", "many", ": expected a whole number, found the text \"many\""},
      {"TELLTALE_MQTT__RECEIVE_MAXIMUM", "1\nx = 2", ": expected a whole number"},
      {"TELLTALE_MQTT__URI", "x", ": no such key: mqtt.uri, did you mean 'url'?"},
      {"TELLTALE_NOTHING__AT_ALL", "x", ": no such key: nothing.at_all"},
      {"TELLTALE_MQTT__FILTERS", "a/#,b/#/c", ": mqtt.filters: \"b/#/c\": '#' must be the last level, alone"},
  }));
  CAPTURE(variable, text);
  const auto problems = problems_of({{variable, text}});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("environment " + std::string(variable)));
  CHECK(problems[0].find(problem) != std::string::npos);
}

TEST_CASE("the password comes from a file or from the environment, never from the configuration", "[app]") {
  const Folder folder;
  write(folder.path / "secret", "hunter2\r\nsecond line\n");
  const auto file = (folder.path / "secret").string();
  CHECK(parse_config("[mqtt]\npassword_file = \"" + file + "\"\n", "t").mqtt.password == "hunter2");
  CHECK(parse_config("", "t", {{"TELLTALE_MQTT__PASSWORD_FILE", file}}).mqtt.password == "hunter2");
  CHECK(parse_config("", "t", {{"TELLTALE_MQTT__PASSWORD", "direct"}}).mqtt.password == "direct");
  CHECK(problems_of({{"TELLTALE_MQTT__PASSWORD_FILE", "/nowhere"}}).size() == 1);
}

TEST_CASE("the file is the flag's, the variable's, the user's or the machine's", "[app]") {
  const Folder folder;
  const auto own = folder.path / "xdg" / "telltale" / "telltale.toml";
  Environment environment = {{"XDG_CONFIG_HOME", (folder.path / "xdg").string()}};
  CHECK(find_config("", environment) != own);
  write(own, "");
  CHECK(find_config("", environment) == own);
  CHECK(find_config("", {{"HOME", folder.path.string()}}) != own);
  write(folder.path / ".config" / "telltale" / "telltale.toml", "");
  CHECK(find_config("", {{"HOME", folder.path.string()}}) == folder.path / ".config/telltale/telltale.toml");
  environment["TELLTALE_CONFIG"] = "named.toml";
  CHECK(find_config("", environment) == "named.toml");
  CHECK(find_config("flag.toml", environment) == "flag.toml");
}

TEST_CASE("without any file it is said where one was looked for", "[app]") {
  CHECK(no_config_found({{"HOME", "/home/ana"}}) ==
        "no configuration file: neither --config nor TELLTALE_CONFIG names one, and there is none at "
        "/home/ana/.config/telltale/telltale.toml or /etc/telltale/telltale.toml");
  CHECK(no_config_found({{"HOME", "/home/ana"}, {"XDG_CONFIG_HOME", "/x"}}) ==
        "no configuration file: neither --config nor TELLTALE_CONFIG names one, and there is none at "
        "/x/telltale/telltale.toml or /etc/telltale/telltale.toml");
  CHECK(no_config_found({}).ends_with("there is none at /etc/telltale/telltale.toml"));
}

TEST_CASE("a file that cannot be read is one plain error", "[app]") {
  const Folder folder;
  CHECK_THROWS_WITH(load_config(folder.path / "none.toml", {}),
                    Catch::EndsWith("none.toml: cannot be read: No such file or directory"));
  CHECK_THROWS_WITH(load_config(folder.path, {}), Catch::EndsWith("cannot be read: is a folder"));
  write(folder.path / "t.toml", "[mqtt]\nport = 1\n");
  CHECK_THROWS_WITH(load_config(folder.path / "t.toml", {}), Catch::Contains("t.toml:2:1: mqtt.port: unknown key"));
}

}  // namespace
}  // namespace telltale::app
