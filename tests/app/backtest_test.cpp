#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "app/command_backtest.hpp"
#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

struct Backtest {
  int exit_code;
  std::string out, err;

  Backtest(const test::StoredData& data, const std::string& rules, BacktestArguments a = {}) {
    a.rules = data.path() / "rules.toml";
    std::ofstream(a.rules) << rules;
    if (a.csv.empty()) a.data = data.path();
    std::ostringstream o, e;
    exit_code = run_backtest(a, data.now() + Millis{60'000}, o, e);
    out = o.str();
    err = e.str();
  }
};

constexpr const char* hot =
    "[unusual]\nenabled = false\n[[rule]]\nname = \"hot\"\nmetric = \"temperature\"\nabove = 100\n";

TEST_CASE("a backtest beside a running service tells what a rule would have said", "[app]") {
  const test::StoredData data;
  const Backtest b(data, hot);
  CHECK(b.err.empty());
  REQUIRE(b.exit_code == 0);
  CAPTURE(b.out);
  CHECK(b.out.find("rule hot: 1 alert;") != std::string::npos);
  CHECK(b.out.find("2025-11-21  # 1") != std::string::npos);
  CHECK(b.out.find("site1/esp32-7/temperature  for 1m") != std::string::npos);
  CHECK(b.out.find("temperature 1e+06 Cel > 100 on esp32-7") != std::string::npos);
  CHECK(b.out.find("█") != std::string::npos);
  CHECK(b.out.find("^") != std::string::npos);
}

TEST_CASE("the default detector takes part unless the file says otherwise or a rule is named", "[app]") {
  const test::StoredData data;
  const std::string rule = "[[rule]]\nname = \"hot\"\nabove = 100\n";
  CHECK(Backtest(data, rule).out.find("rule unusual: 0 alerts") != std::string::npos);
  CHECK(Backtest(data, rule, {.rule = "h*"}).out.find("rule unusual") == std::string::npos);
}

TEST_CASE("a backtest as JSON", "[app]") {
  const test::StoredData data;
  const Backtest b(data, hot, {.format = "json"});
  CHECK(b.out.find(R"("rules":[{"rule":"hot","alerts":1)") != std::string::npos);
  CHECK(b.out.ends_with("}\n"));
}

TEST_CASE("a backtest tells what is wrong with its rules and options", "[app]") {
  const test::StoredData data;
  const auto [rules, arguments, says] = GENERATE(table<std::string, BacktestArguments, std::string>({
      {"[[rule]]\nname = \"hot\"\nabowe = 1\n", {}, "rules.toml:3:1: rule.abowe: unknown key, did you mean 'above'?"},
      {hot, {.rule = "cold"}, "--rule cold: "},
      {hot, {.from = "yesterday"}, "--from: \"yesterday\" is no time"},
      {hot, {.from = "now", .to = "now-1h"}, "--from is after --to"},
      {hot, {.warm_up = "long"}, "--warm-up: "},
      {hot, {.series = {.device = "nobody*"}}, "no series matches"},
  }));
  const Backtest b(data, rules, arguments);
  CAPTURE(b.err);
  CHECK(b.exit_code == 2);
  CHECK(b.err.find(says) != std::string::npos);
}

TEST_CASE("a backtest draws the series with most alerts", "[app]") {
  const test::StoredData data;
  const auto file = data.path() / "hot.svg";
  const Backtest b(data, hot, {.from = "2025-11-21T04:00:00Z", .svg = file});
  REQUIRE(b.exit_code == 0);
  std::stringstream svg;
  svg << std::ifstream(file).rdbuf();
  CHECK(svg.str().starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.str().ends_with("</svg>\n"));
  CHECK(svg.str().find("site1/esp32-7 temperature (Cel)") != std::string::npos);
  CHECK(svg.str().find("temperature 1e+06 Cel &gt; 100 on esp32-7") != std::string::npos);

  CHECK(Backtest(data, hot, {.svg = data.path() / "no folder" / "hot.svg"}).exit_code == 1);
}

TEST_CASE("a CSV file is tested without a store", "[app]") {
  const test::StoredData data;
  const auto file = data.path() / "boiler.csv";
  std::ofstream(file) << "timestamp,heat\n2025-11-21 04:00:00,20\n2025-11-21 04:01:00,120\n2025-11-21 04:02:00,30\n";
  const Backtest b(data, "[[rule]]\nname = \"hot\"\nabove = 100\n", {.csv = {file.string()}});
  CAPTURE(b.out, b.err);
  CHECK(b.out.find("3 readings of 1 series, 2025-11-21 04:00:00 to") != std::string::npos);
  CHECK(b.out.find("boiler/heat  for 1m") != std::string::npos);

  std::ofstream(file) << "timestamp,heat\n2025-11-21 04:00:00,20\nsoon,120\n";
  const Backtest bad(data, hot, {.csv = {file.string()}});
  CHECK(bad.exit_code == 1);
  CHECK(bad.err.find("boiler.csv:3: ") != std::string::npos);
}

}  // namespace
}  // namespace telltale::app
