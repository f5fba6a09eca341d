#include "app/config.hpp"

#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

void run(std::string_view bytes) {
  try {
    const auto config = app::parse_config(bytes, "fuzz.toml");
    promise(!config.mqtt.filters.empty(), "a good configuration subscribes to something");
  } catch (const app::ConfigErrors& errors) {
    promise(!errors.problems().empty(), "a bad configuration is told why");
    for (const auto& problem : errors.problems()) promise(!problem.empty(), "each problem has words");
  }
}

}  // namespace

Target config() { return {"config", &run}; }

}  // namespace telltale::fuzz
