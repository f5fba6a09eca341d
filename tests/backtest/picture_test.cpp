#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "backtest/picture.hpp"
#include "backtest/picture_axes.hpp"

namespace telltale::test {
namespace {

const store::Range range{from_ms(1'763'700'000'000), from_ms(1'763'786'400'000)};

proto::Rule rule(proto::Check check) {
  proto::Rule r;
  r.name = "a<b&\"c\"";
  r.check = check;
  return r;
}

/// Every element is closed in its order, no bare & or < in texts, one root.
bool well_formed(const std::string& xml) {
  std::vector<std::string> open;
  int roots = 0;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const auto end = xml.find(';', at);
      if (end == std::string::npos || end - at > 6) return false;
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const auto end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const auto tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) return false;
    const auto name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      if (open.empty()) ++roots;
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() && roots == 1;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

void add(backtest::Picture& picture, std::int64_t offset_ms, double value, double expected = 0, double threshold = 0) {
  picture.add({proto::SeriesId{1}, "r", range.from + Millis{offset_ms}, value, expected, 1, threshold, false});
}

TEST_CASE("a picture is well-formed and small, whatever its readings", "[backtest]") {
  const auto [check, readings] = GENERATE(table<proto::Check, int>({
      {proto::ThresholdCheck{5.0, {}, 4.0}, 0},
      {proto::ThresholdCheck{5.0, {}, 4.0}, 1},
      {proto::ZScoreCheck{}, 20},
      {proto::UnusualCheck{}, 86'400},
  }));
  CAPTURE(readings);
  backtest::Picture picture(range, rule(check));
  for (int i = 0; i < readings; ++i) add(picture, i * 1000, std::sin(i * 0.001) * (i % 7), 0.5, 4.5);
  picture.add({{range.from + Millis{3'600'000}, range.from + Millis{7'200'000}}, "1 < 2 & \"3\""});
  picture.add({{range.to + Millis{1}, range.to + Millis{2}}, "not shown"});
  const auto svg = picture.svg("hall/a&b heat");
  CHECK(well_formed(svg));
  CHECK(svg.size() < 60'000);
  CHECK(count(svg, "class=\"a\"") == 1);
  CHECK(count(svg, "class=\"l\"") == (std::holds_alternative<proto::ThresholdCheck>(check) ? 2 : 0));
  CHECK(count(svg, "class=\"b\"") == (std::holds_alternative<proto::ThresholdCheck>(check) ? 0 : 1));
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("a gap among the readings is a gap in the picture", "[backtest]") {
  backtest::Picture picture(range, rule(proto::ThresholdCheck{5.0, {}, {}}));
  for (int minute = 0; minute < 24 * 60; ++minute)
    if (minute < 600 || minute > 900) add(picture, minute * 60'000, minute % 2);
  const auto svg = picture.svg("hall");
  const auto path = svg.substr(svg.find("class=\"r\""));
  CHECK(count(path.substr(0, path.find("/>")), "M") == 2);
}

TEST_CASE("ticks are round and tell one time from the other", "[backtest]") {
  const auto labels = [](const std::vector<backtest::Tick>& ticks) {
    std::string out;
    for (const auto& tick : ticks) out += (out.empty() ? "" : " | ") + tick.label;
    return out;
  };
  CHECK(labels(backtest::value_ticks(-0.1, 1.1, 6)) == "0.0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0");
  CHECK(labels(backtest::value_ticks(370, 1440, 6)) == "400 | 600 | 800 | 1000 | 1200 | 1400");
  CHECK(backtest::value_ticks(5, 5, 6).empty());
  CHECK(labels(backtest::time_ticks({from_ms(1'763'700'000'000), from_ms(1'763'707'200'000)}, 5)) ==
        "05:00 | 05:30 | 06:00 | 06:30");
  CHECK(labels(backtest::time_ticks(range, 5)) == "11-21 06:00 | 11-21 12:00 | 11-21 18:00 | 11-22 00:00");
  CHECK(
      labels(backtest::time_ticks({range.from, range.from + std::chrono::days(10)}, 12)).starts_with("2025-11-22 | "));
}

}  // namespace
}  // namespace telltale::test
