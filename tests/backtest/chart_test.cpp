#include <catch2/catch.hpp>

#include "backtest/chart.hpp"

namespace telltale::test {
namespace {

using backtest::chart;

store::Sample at(std::int64_t ms, double value) { return {from_ms(ms), value}; }
const store::Range range{from_ms(0), from_ms(800)};

TEST_CASE("a chart is as high as its samples, and blank where there is none", "[backtest]") {
  CHECK(chart({at(0, 0), at(100, 1), at(200, 2), at(300, 3), at(400, 4), at(500, 5), at(600, 6), at(700, 7)}, range,
              8) == "▁▂▃▄▅▆▇█");
  CHECK(chart({}, range, 4) == "    ");
  CHECK(chart({at(0, 5), at(799, 5)}, range, 2) == "▁▁");
  CHECK(chart({at(0, 5)}, range, 0).empty());
}

TEST_CASE("a dip is seen among others in its column", "[backtest]") {
  CHECK(chart({at(0, 10), at(200, 10), at(210, 0), at(400, 10), at(600, 10)}, range, 4) == "█▁██");
}

TEST_CASE("few samples are held until the next, a gap is not", "[backtest]") {
  CHECK(chart({at(0, 0), at(200, 8), at(400, 0), at(600, 8)}, range, 8) == "▁▁██▁▁██");
  std::vector<store::Sample> gap;
  for (int i = 0; i < 40; ++i)
    if (i < 10 || i >= 30) gap.push_back(at(i * 20, i));
  CHECK(chart(gap, range, 8) == "▁▂    ▇█");
}

TEST_CASE("marks stand where the alert was open", "[backtest]") {
  CHECK(backtest::marks({from_ms(200), from_ms(399)}, range, 8) == "  ^^");
  CHECK(backtest::marks({from_ms(-100), from_ms(2000)}, range, 4) == "^^^^");
  CHECK(backtest::marks({from_ms(900), from_ms(2000)}, range, 4).empty());
}

}  // namespace
}  // namespace telltale::test
