#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <limits>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "api/registry.hpp"

namespace telltale::api {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("the same name and labels give the same counter, other labels another", "[api]") {
  Registry registry;
  auto& a = registry.counter("telltale_messages_total", "Messages.", {{"outcome", "stored"}});
  auto& b = registry.counter("telltale_messages_total", "Messages.", {{"outcome", "status"}});
  CHECK(&a != &b);
  CHECK(&a == &registry.counter("telltale_messages_total", "Messages.", {{"outcome", "stored"}}));
  a.add(3);
  const auto text = registry.text();
  CHECK(has_line(text, "# TYPE telltale_messages_total counter"));
  CHECK(has_line(text, "# HELP telltale_messages_total Messages."));
  CHECK(has_line(text, "telltale_messages_total{outcome=\"stored\"} 3"));
  CHECK(has_line(text, "telltale_messages_total{outcome=\"status\"} 0"));
}

TEST_CASE("a histogram counts a value in the first bucket whose bound is not below it", "[api]") {
  Registry registry;
  constexpr std::array bounds = {0.1, 1.0};
  auto& seconds = registry.histogram("telltale_lag_seconds", "Lag.", bounds);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) seconds.observe(value);
  seconds.observe(std::numeric_limits<double>::quiet_NaN());
  const auto text = registry.text();
  CHECK(has_line(text, "telltale_lag_seconds_bucket{le=\"0.1\"} 2"));
  CHECK(has_line(text, "telltale_lag_seconds_bucket{le=\"1\"} 3"));
  CHECK(has_line(text, "telltale_lag_seconds_bucket{le=\"+Inf\"} 4"));
  CHECK(has_line(text, "telltale_lag_seconds_count 4"));
  CHECK(has_line(text, "telltale_lag_seconds_sum 7.65"));
}

TEST_CASE("a metric that is used in two ways is a mistake of the program", "[api]") {
  Registry registry;
  constexpr std::array one = {1.0};
  constexpr std::array other = {2.0};
  constexpr std::array descending = {2.0, 1.0};
  registry.counter("telltale_a_total", "A.");
  registry.histogram("telltale_h", "H.", one);
  CHECK_THROWS_AS(registry.gauge("telltale_a_total", "A."), std::logic_error);
  CHECK_THROWS_AS(registry.counter("telltale-a", "A."), std::logic_error);
  CHECK_THROWS_AS(registry.counter("telltale_b_total", "B.", {{"not a label", "x"}}), std::logic_error);
  CHECK_THROWS_AS(registry.histogram("telltale_h", "H.", other), std::logic_error);
  CHECK_NOTHROW(registry.histogram("telltale_h", "H.", other, {{"stage", "slow"}}));
  CHECK_THROWS_AS(registry.histogram("telltale_d", "D.", descending), std::logic_error);
}

TEST_CASE("a gauge known elsewhere is refreshed at every scrape", "[api]") {
  Registry registry;
  int scrapes = 0;
  registry.before_scrape([&] { registry.gauge("telltale_series", "Series.").set(++scrapes); });
  CHECK(has_line(registry.text(), "telltale_series 1"));
  CHECK(has_line(registry.text(), "telltale_series 2"));
}

TEST_CASE("every line of a scrape is valid text format, each family comes once and labels are escaped", "[api]") {
  Registry registry;
  registry.counter("telltale_odd_total", "Back\\slash and\nnewline.", {{"path", "a\"b\\c\nd"}}).add();
  registry.gauge("telltale_limits", "Infinite.").set(std::numeric_limits<double>::infinity());
  constexpr std::array bounds = {0.5};
  registry.histogram("telltale_h_seconds", "H.", bounds, {{"stage", "decode"}}).observe(0.1);

  static const std::regex comment(R"(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*)");
  static const std::regex sample(
      R"([a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*")*\})? (NaN|[+-]Inf|[-+0-9.eE]+))");
  std::istringstream lines(registry.text());
  std::set<std::string> types;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK((std::regex_match(line, comment) || std::regex_match(line, sample)));
    if (line.starts_with("# TYPE ")) CHECK(types.insert(line).second);
  }
  CHECK(types.contains("# TYPE telltale_odd_total counter"));
}

TEST_CASE("the process family is there with plausible values", "[api]") {
  Registry registry;
  const auto text = registry.text();
  for (const auto* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
                           "process_start_time_seconds", "process_open_fds", "process_max_fds"}) {
    CAPTURE(name);
    const auto at = text.find("\n" + std::string(name) + " ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(text.substr(at + std::string(name).size() + 2)) >= 0);
  }
  const auto at = text.find("\nprocess_start_time_seconds ");
  CHECK(std::stod(text.substr(at + 28)) > 1.6e9);
}

TEST_CASE("counters are exact when several threads count and another scrapes", "[api]") {
  Registry registry;
  constexpr std::array bounds = {0.5};
  auto& counter = registry.counter("telltale_c_total", "C.");
  auto& histogram = registry.histogram("telltale_h", "H.", bounds);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) {
          counter.add();
          histogram.observe(1);
        }
      });
    }
    for (int i = 0; i < 20; ++i) CHECK(registry.text().find("telltale_c_total") != std::string::npos);
  }
  CHECK(has_line(registry.text(), "telltale_c_total 30000"));
  CHECK(has_line(registry.text(), "telltale_h_sum 30000"));
}

TEST_CASE("what is counted together is in a scrape together", "[api]") {
  Registry registry;
  auto& first = registry.counter("telltale_a_total", "A.");
  auto& last = registry.counter("telltale_z_total", "Z.");
  for (int i = 0; i < 200; ++i) registry.counter("telltale_m_total", "M.", {{"n", std::to_string(i)}});
  std::atomic<bool> ending = false;
  std::jthread counting([&] {
    while (!ending) {
      const auto moment = registry.together();
      first.add();
      last.add();
    }
  });
  const auto value = [](const std::string& text, const std::string& name) {
    const auto begin = text.find("\n" + name + " ") + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  int torn = 0;
  for (int i = 0; i < 200; ++i) {
    const auto text = registry.text();
    torn += value(text, "telltale_a_total") == value(text, "telltale_z_total") ? 0 : 1;
  }
  ending = true;
  CHECK(torn == 0);
}

}  // namespace
}  // namespace telltale::api
