#include <catch2/catch.hpp>

#include "app/config_restart.hpp"

namespace telltale::app {
namespace {

using Names = std::vector<std::string>;

Config config(std::string_view text, const Environment& environment = {}) {
  return parse_config(text, "t.toml", environment);
}

TEST_CASE("what a reload leaves for the next start is named, key by key", "[app][lesson-30]") {
  const auto [text, names] = GENERATE(table<const char*, Names>({
      {"", {}},
      {"[store]\nrotate_age = \"5m\"\nraw_retention = \"30d\"\n", {"store.rotate_age", "store.raw_retention"}},
      {"[mqtt]\nurl = \"mqtt://elsewhere\"\n[http]\nlisten = \"127.0.0.1:9999\"\n", {"mqtt.url", "http.listen"}},
      {"[ingest]\nmax_series = 5\nmax_past = \"1d\"\n", {"ingest.max_series"}},
      {"[tenants]\nenabled = true\n", {"tenants.enabled"}},
      {"[tenants]\nenabled = true\n[[retention]]\nname = \"short\"\ntenants = [\"acme\"]\nraw = \"7d\"\n",
       {"tenants.enabled", "retention"}},
      // in force at once
      {"[[rule]]\nname = \"r\"\nmetric = \"t\"\nabove = 1\n[unusual]\nlimit = 7.0\n[analytics]\nwindows = [\"10s\"]\n",
       {}},
      {"[mqtt]\nfilters = [\"telemetry/#\"]\n[log]\nlevel = \"debug\"\n[notify]\nexternal_url = "
       "\"https://t.example\"\n",
       {}},
      {"[[mapping]]\nname = \"m\"\ntopic = \"tele/{device}/SENSOR\"\nset = { site = \"home\" }\nmetrics = \"auto\"\n",
       {}},
      {"[[channel]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"https://t.example\"\n", {}},
  }));
  CAPTURE(text);
  CHECK(waiting_for_restart(config(""), config(text)) == names);
}

TEST_CASE("a password that changed waits for a restart and is not shown", "[app]") {
  CHECK(waiting_for_restart(config("", {{"TELLTALE_MQTT__PASSWORD", "old"}}),
                            config("", {{"TELLTALE_MQTT__PASSWORD", "new"}})) == Names{"mqtt.password"});
}

}  // namespace
}  // namespace telltale::app
