#include <catch2/catch.hpp>
#include <sstream>

#include "app/command_score.hpp"

namespace telltale::app {
namespace {

std::string hours(int n, int odd) {
  std::ostringstream rows("timestamp,value\n", std::ios::ate);
  for (int i = 0; i < n; ++i) {
    rows << "2014-04-" << (i / 24 < 9 ? "0" : "") << i / 24 + 1 << ' ' << (i % 24 < 10 ? "0" : "") << i % 24
         << ":00:00," << (i == odd ? 99.5 : 20 + i % 3) << '\n';
  }
  return rows.str();
}

TEST_CASE("score gives every row back with what the default detector says of it", "[app]") {
  std::istringstream in(hours(240, 200));
  std::ostringstream out;
  std::ostringstream err;
  REQUIRE(run_score(in, out, err) == 0);
  std::istringstream rows(out.str());
  std::istringstream given(hours(240, 200));
  std::string row;
  std::string original;
  for (int line = -1; std::getline(rows, row); ++line) {
    REQUIRE(std::getline(given, original));
    CAPTURE(row);
    REQUIRE(row.starts_with(original + ","));
    if (line == 200) CHECK(std::stod(row.substr(original.size() + 1)) > 4);
    if (line >= 0 && line < 200) CHECK(std::stod(row.substr(original.size() + 1)) < 4);
  }
  CHECK_FALSE(std::getline(given, original));
  CHECK(err.str().empty());
}

TEST_CASE("score tells which line it cannot read", "[app]") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"", "the first line must be timestamp,value"},
      {"value,timestamp\n", "the first line must be timestamp,value"},
      {"timestamp,value\n2014-04-01 00:00:00\n", "line 2: expected a time"},
      {"timestamp,value\n2014-04-01 00:00:00,1\nyesterday,2\n", "line 3: expected a time"},
  }));
  CAPTURE(text);
  std::istringstream in(text);
  std::ostringstream out;
  std::ostringstream err;
  CHECK(run_score(in, out, err) == 2);
  CHECK_THAT(err.str(), Catch::Contains(problem));
}

TEST_CASE("score leaves rows alone that are no new finite number", "[app]") {
  std::istringstream in("timestamp,value\r\n2014-04-01 00:00:00,1\r\n2014-04-01 00:00:00,2\n2014-03-01T00:00:00Z,\n");
  std::ostringstream out;
  std::ostringstream err;
  REQUIRE(run_score(in, out, err) == 0);
  CHECK(out.str() ==
        "timestamp,value,anomaly_score\n2014-04-01 00:00:00,1,0\n2014-04-01 00:00:00,2,0\n2014-03-01T00:00:00Z,,0\n");
}

}  // namespace
}  // namespace telltale::app
