#include <catch2/catch.hpp>
#include <regex>

#include "app/config.hpp"
#include "app/config_schema.hpp"
#include "app/config_tables.hpp"

namespace telltale::app {
namespace {

TEST_CASE("the example loads and says exactly the defaults", "[app]") {
  const auto from_example = parse_config(example_config(), "example");
  const auto defaults = parse_config("", "empty");
  const Config fresh;
  for (const auto& key : config_keys()) {
    CAPTURE(key.full_name());
    CHECK(key.show(from_example) == key.show(defaults));
    if (key.full_name() != "mqtt.filters") CHECK(key.show(defaults) == key.show(fresh));
  }
  CHECK(from_example.analytics == defaults.analytics);
  CHECK(from_example.mqtt.filters == defaults.mqtt.filters);
}

TEST_CASE("every key that is accepted appears in the example, with a comment", "[app]") {
  const auto text = example_config();
  for (const auto& key : config_keys()) {
    CAPTURE(key.full_name());
    const std::regex line("\n" + std::string(key.name) + " = [^\n]+ # [^\n]+\n");
    CHECK(std::regex_search(text, line));
  }
  for (const auto* keys : {&rule_keys(), &heartbeat_keys(), &site_keys(), &maintenance_keys(), &retention_keys(),
                           &channel_keys(), &mapping_keys()}) {
    for (const auto key : *keys) {
      CAPTURE(key);
      CHECK(text.find("\n# " + std::string(key) + " = ") != std::string::npos);
    }
  }
  for (const auto* keys : {&mapping_metric_keys(), &mapping_time_keys()}) {
    for (const auto key : *keys) CHECK(text.find(" " + std::string(key) + " = ") != std::string::npos);
  }
}

TEST_CASE("the rules, heartbeats and mappings of the example work when their comment marks are taken away", "[app]") {
  const auto text = example_config();
  const auto lists = text.substr(text.find("# [[rule]]"));
  const auto uncommented = std::regex_replace(lists, std::regex("(^|\n)# (\\[\\[|[a-z_]+ = )"), "$1$2");
  const auto c = parse_config("[tenants]\nenabled = true\n" + uncommented, "example");
  CHECK(c.store.retention.size() == 1);
  CHECK(c.analytics.rules.size() == 9);  // and the built-in one
  CHECK(c.analytics.heartbeats.size() == 1);
  CHECK(c.notify.channels.size() == 3);
  CHECK(c.analytics.maintenance.size() == 2);
  CHECK(c.analytics.zones.size() == 1);
  CHECK(c.analytics.rules[1].escalate.size() == 1);
  CHECK(c.ingest.decoder.mappings.size() == 4);
}

}  // namespace
}  // namespace telltale::app
