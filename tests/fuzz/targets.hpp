#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace telltale::fuzz {

/// A door for bytes from outside. Any bytes may be given; a promise that does not hold ends the process (promise()).
struct Target {
  std::string_view name;  // also of its folder in tests/fuzz/corpus
  std::function<void(std::string_view bytes)> run;
};

// One file each.
[[nodiscard]] Target chunk();       // decoding of stored readings
[[nodiscard]] Target config();      // a configuration file
[[nodiscard]] Target mqtt_frame();  // a broker's bytes, cut into packets
[[nodiscard]] Target payload();     // a message: its topic is the first line
[[nodiscard]] Target promql();      // a query, which is also evaluated
[[nodiscard]] Target query_text();  // a query string of /api/v1
[[nodiscard]] Target timestamp();
[[nodiscard]] Target topic();

[[nodiscard]] inline std::vector<Target> all_targets() {
  return {chunk(), config(), mqtt_frame(), payload(), promql(), query_text(), timestamp(), topic()};
}

/// Ends the process, naming what was promised, unless `holds`.
void promise(bool holds, const char* what);  // NOLINT: a sentence beside each

}  // namespace telltale::fuzz
