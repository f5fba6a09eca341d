#include "app/logger.hpp"

#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

namespace telltale::app {
namespace {

TEST_CASE("a log line is one JSON object with ts, level, msg and component", "[app]") {
  std::ostringstream out;
  SpdLogger log({proto::LogLevel::info, LogFormat::json}, out);
  log.warn("broker", "line\nbreak \"quoted\" {} %v");
  const std::regex line(
      R"re(\{"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"warn","msg":"line\\nbreak \\"quoted\\" \{\} %v","component":"broker"\}\n)re");
  CAPTURE(out.str());
  CHECK(std::regex_match(out.str(), line));
}

TEST_CASE("a text line cannot be broken by what it reports", "[app]") {
  std::ostringstream out;
  SpdLogger log({proto::LogLevel::info, LogFormat::text}, out);
  log.error("ingest", "plain");
  log.info("ingest", "two\nlines \x1b[31m");
  CHECK(std::regex_match(out.str(), std::regex("[-0-9]+ [:.0-9]+ error ingest: plain\n"
                                               "[-0-9]+ [:.0-9]+ info  ingest: \"two\\\\nlines \\\\u001b\\[31m\"\n")));
}

TEST_CASE("the level can be changed while the service runs", "[app]") {
  std::ostringstream out;
  SpdLogger log({proto::LogLevel::warn, LogFormat::json}, out);
  log.info("app", "unheard");
  CHECK(out.str().empty());
  log.set_level(proto::LogLevel::debug);
  log.debug("app", "heard");
  CHECK(out.str().find("heard") != std::string::npos);
}

}  // namespace
}  // namespace telltale::app
