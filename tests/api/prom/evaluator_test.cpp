#include <catch2/catch.hpp>

#include "tests/api/prom/memory_source.hpp"

namespace telltale::test {
namespace {

using namespace api::prom;

constexpr Millis minute{60'000};

TEST_CASE("an instant selector looks back five minutes, both ends included", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{100, 7}});
  const auto [second, answer] = GENERATE(table<double, std::string>({
      {99.999, ""},
      {100, "{__name__=t} 0:7\n"},
      {400, "{__name__=t} 0:7\n"},
      {400.001, ""},
  }));
  CAPTURE(second);
  CHECK(ask(source, "t", {at_second(second)}) == answer);
}

TEST_CASE("steps are those that were asked for, not aligned to anything", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{0, 1}, {60, 2}, {600, 3}});
  CHECK(ask(source, "t", {at_second(59), minute, 12}) == "{__name__=t} 0:1 1:2 2:2 3:2 4:2 5:2 10:3 11:3\n");
  CHECK(ask(source, "t offset 1m", {at_second(59), minute, 3}) == "{__name__=t} 1:1 2:2\n");
  CHECK(ask(source, "t offset -1m", {at_second(0), minute, 2}) == "{__name__=t} 0:2 1:2\n");
}

TEST_CASE("a range holds both its ends", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{0, 1}, {60, 2}, {120, 3}});
  CHECK(ask(source, "count_over_time(t[1m])", {at_second(60), minute, 4}) == "{} 0:2 1:2 2:1\n");
  CHECK(ask(source, "t[1m]", {at_second(60)}) == "{__name__=t} 0:1 60:2\n");
  CHECK(ask(source, "t[1m] offset 1m", {at_second(120)}) == "{__name__=t} 0:1 60:2\n");
}

TEST_CASE("each function over a range, by hand", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{10, 2}, {20, 4}, {30, 1}, {40, 5}});
  const auto [function, value] = GENERATE(table<std::string, std::string>({
      {"avg_over_time", "{} 0:3\n"},
      {"min_over_time", "{} 0:1\n"},
      {"max_over_time", "{} 0:5\n"},
      {"sum_over_time", "{} 0:12\n"},
      {"count_over_time", "{} 0:4\n"},
      {"last_over_time", "{__name__=t} 0:5\n"},
      {"stddev_over_time", "{} 0:1.5811388300841898\n"},
      {"delta", "{} 0:5\n"},      // 3 in 30 s; 10 s more at each end are nearer than 1.1 * 10 s
      {"increase", "{} 0:11\n"},  // 7 in 30 s after the reset; back to zero: 30 * 2 / 7 s, farther than the start
      {"rate", "{} 0:0.22\n"},
  }));
  CAPTURE(function);
  const auto answer = ask(source, function + "(t[50s])", {at_second(50)});
  if (function == "increase" || function == "rate") {
    const double expected = 7 * ((30 + 30 * 2.0 / 7 + 10) / 30) / (function == "rate" ? 50 : 1);
    CHECK(std::stod(answer.substr(5)) == Approx(expected).epsilon(1e-12));
  } else {
    CHECK(answer == value);
  }
  CHECK(ask(source, function + "(t[5s])", {at_second(100)}).empty());
}

TEST_CASE("rates need two samples and stop half a distance outside of them", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{100, 1000}, {110, 1010}});
  CHECK(ask(source, "increase(t[1m])", {at_second(100)}).empty());
  CHECK(ask(source, "increase(t[1m])", {at_second(130)}) == "{} 0:20\n");
  CHECK(ask(source, "increase(t[1m])", {at_second(120.5)}) == "{} 0:25.5\n");  // 10.5 s are less than 1.1 distances
  CHECK(ask(source, "increase(t[1m])", {at_second(121.5)}) == "{} 0:20\n");    // 11.5 s are not
}

TEST_CASE("a sum keeps what a double alone would lose", "[api]") {
  MemorySource source;
  source.add({{"__name__", "t"}}, {{1, 1e100}, {2, 1}, {3, -1e100}});
  CHECK(ask(source, "sum_over_time(t[5s])", {at_second(5)}) == "{} 0:1\n");
}

MemorySource fleet() {
  MemorySource source;
  source.add({{"__name__", "t"}, {"device", "a"}, {"site", "x"}}, {{0, 1}, {60, 9}});
  source.add({{"__name__", "t"}, {"device", "b"}, {"site", "x"}}, {{0, 5}, {60, 4}});
  source.add({{"__name__", "t"}, {"device", "c"}, {"site", "y"}}, {{0, 3}});
  source.add({{"__name__", "h"}, {"device", "a"}, {"site", "x"}}, {{0, 50}});
  return source;
}

TEST_CASE("series are grouped by labels", "[api]") {
  auto source = fleet();
  const auto [query, answer] = GENERATE(table<std::string, std::string>({
      {"sum(t)", "{} 0:9 1:16\n"},
      {"sum by (site) (t)", "{site=x} 0:6 1:13\n{site=y} 0:3 1:3\n"},
      {"avg(t) by (site)", "{site=x} 0:3 1:6.5\n{site=y} 0:3 1:3\n"},
      {"min without (device) (t)", "{site=x} 0:1 1:4\n{site=y} 0:3 1:3\n"},
      {"max(t)", "{} 0:5 1:9\n"},
      {"count by (__name__) ({device=\"a\"})", "{__name__=h} 0:1 1:1\n{__name__=t} 0:1 1:1\n"},
      {"count(t > 4)", "{} 0:1 1:1\n"},
      {"topk(1, t)", "{__name__=t,device=b,site=x} 0:5\n{__name__=t,device=a,site=x} 1:9\n"},
      {"topk by (site) (1, t)",
       "{__name__=t,device=b,site=x} 0:5\n{__name__=t,device=a,site=x} 1:9\n{__name__=t,device=c,site=y} 0:3 1:3\n"},
      {"topk(0, t)", ""},
      {"topk(Inf, t)", "Scalar value +Inf overflows int64"},
      {"sum(nothing)", ""},
  }));
  CAPTURE(query);
  CHECK(ask(source, query, {at_second(0), minute, 2}) == answer);
}

TEST_CASE("topk at one moment is in order of value", "[api]") {
  auto source = fleet();
  CHECK(ask(source, "topk(2, t)", {at_second(0)}) ==
        "{__name__=t,device=b,site=x} 0:5\n{__name__=t,device=c,site=y} 0:3\n");
}

TEST_CASE("arithmetic drops the metric's name, a comparison keeps it and the value", "[api]") {
  auto source = fleet();
  const auto [query, answer] = GENERATE(table<std::string, std::string>({
      {"t{device=\"a\"} * 2 + 1", "{device=a,site=x} 0:3\n"},
      {"10 - t{device=\"a\"}", "{device=a,site=x} 0:9\n"},
      {"-t{device=\"a\"}", "{device=a,site=x} 0:-1\n"},
      {"t > 2", "{__name__=t,device=b,site=x} 0:5\n{__name__=t,device=c,site=y} 0:3\n"},
      {"2 < t", "{__name__=t,device=b,site=x} 0:5\n{__name__=t,device=c,site=y} 0:3\n"},
      {"t{site=\"y\"} > bool 4", "{device=c,site=y} 0:0\n"},
      {"t{device!~\"a|b\"}", "{__name__=t,device=c,site=y} 0:3\n"},
      {"t{device=~\".\", site!=\"x\", unit=\"\"}", "{__name__=t,device=c,site=y} 0:3\n"},
      {"{device=\"a\"} + 1", "vector cannot contain metrics with the same labelset: {device=\"a\", site=\"x\"}"},
      {"-{device=\"a\"}", "vector cannot contain metrics with the same labelset: {device=\"a\", site=\"x\"}"},
      {"max_over_time({device=\"a\"}[1m])",
       "vector cannot contain metrics with the same labelset: {device=\"a\", site=\"x\"}"},
  }));
  CAPTURE(query);
  CHECK(ask(source, query, {at_second(0)}) == answer);
}

TEST_CASE("series that become the same at different times become one", "[api]") {
  MemorySource source;
  source.add({{"__name__", "a"}}, {{600, 2}});
  source.add({{"__name__", "b"}}, {{0, 1}});
  CHECK(ask(source, "{__name__=~\"a|b\"} + 1", {at_second(0), 10 * minute, 2}) == "{} 0:2 1:3\n");
}

TEST_CASE("a query that would make too much is told so", "[api]") {
  auto source = fleet();
  const auto query = GENERATE(as<std::string>(), "t", "t[1h]", "count_over_time(t[5m])", "sum(t)");
  CHECK(ask(source, query, {at_second(0), Millis{1000}, 60}, {.points = 2}).find("more than 2 points") !=
        std::string::npos);
}

TEST_CASE("windows that overlap too much are refused, not worked off for hours", "[api]") {
  auto source = fleet();
  CHECK(ask(source, "max_over_time(t[1h])", {at_second(60), Millis{1000}, 60}, {.visits = 100})
            .find("looks at samples more than 100 times") != std::string::npos);
}

TEST_CASE("two metrics that have the same name for Prometheus are told apart by an error", "[api]") {
  MemorySource source;
  source.add({{"__name__", metric_name("a.b")}}, {{0, 1}}).add({{"__name__", metric_name("a-b")}}, {{0, 1}});
  const auto query = GENERATE(as<std::string>(), "a_b", "a_b[1m]", "count(a_b)");
  CHECK(ask(source, query, {at_second(0)}) ==
        "vector cannot contain metrics with the same labelset: {__name__=\"a_b\"}");
}

}  // namespace
}  // namespace telltale::test
