#include <catch2/catch.hpp>
#include <fstream>

#include "broker/ingest_session.hpp"
#include "tests/broker/raw_client.hpp"
#include "tests/broker/session_fixture.hpp"
#include "tests/support/mosquitto.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// A shipped configuration with what belongs to a machine replaced.
std::vector<std::string> shipped(const std::string& file,
                                 const std::vector<std::pair<std::string, std::string>>& changes) {
  std::ifstream in(std::string(TELLTALE_SOURCE_DIR) + "/broker/" + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    for (const auto& [from, to] : changes) {
      if (line.starts_with(from)) line = to;
    }
    lines.push_back(line);
  }
  REQUIRE(lines.size() > 10);
  return lines;
}

}  // namespace

TEST_CASE("the demo configuration starts and queues more than Mosquitto's default", "[broker][lesson-31]") {
  Mosquitto broker({.config = shipped("mosquitto-demo.conf", {{"listener ", "listener {port} 127.0.0.1"}})});
  CHECK(broker.log().find("Warning: The '") == std::string::npos);  // no deprecated options
  const auto options = quick_options(broker.port(), {"telemetry/#"});
  {
    RecordedSession first(options);
    REQUIRE(eventually([&] { return first.caught_up(); }));
  }
  RawClient(broker.port()).publish_many("telemetry/s/d", "m", 3000);
  broker.terminate();
  CHECK(std::filesystem::exists(broker.snapshot()));
  broker.start();
  RecordedSession second(options);
  REQUIRE(eventually([&] { return second.caught_up(); }));
  CHECK(second.payloads() == numbered("m", 0, 3000));
}
