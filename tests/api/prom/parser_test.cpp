#include <catch2/catch.hpp>

#include "api/prom/parser.hpp"
#include "tests/api/prom/memory_source.hpp"

namespace telltale::test {
namespace {

using namespace api::prom;

TEST_CASE("scalars are worked out while they are read", "[api]") {
  const auto [query, value] = GENERATE(table<std::string, std::string>({
      {"1+1", "2"},
      {"1 + 2 * 3 - 4 / 2", "5"},
      {"(1 + 2) * 3", "9"},
      {"8 / 4 / 2", "1"},
      {"-2 * -3", "6"},
      {"1 - -1", "2"},
      {"+5", "5"},
      {"0x1F", "31"},
      {"017", "15"},
      {"089", "89"},
      {"1.5e3", "1500"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e-7", "1e-07"},
      {"1e21", "1e+21"},
      {"Inf", "+Inf"},
      {"-inf", "-Inf"},
      {"NaN", "NaN"},
      {"1 / 0", "+Inf"},
      {"2 >= bool 2", "1"},
      {"2 != bool 2", "0"},
      {"1 < bool 2 + 3", "1"},
      {"1 # a comment\n+ 1", "2"},
  }));
  CAPTURE(query);
  MemorySource nothing;
  CHECK(ask(nothing, query, {}) == value);
}

TEST_CASE("what is wrong is said with its place", "[api]") {
  const auto [query, error] = GENERATE(table<std::string, std::string>({
      {"", "unknown position: parse error: no expression found in input"},
      {"# nothing", "unknown position: parse error: no expression found in input"},
      {"a +", "1:4: parse error: unexpected end of input"},
      {"a\n+ ]", "2:3: parse error: unexpected \"]\""},
      {"a b", "1:3: parse error: unexpected \"b\""},
      {"(a", "1:3: parse error: unexpected end of input"},
      {"a{b=\"c}", "1:5: parse error: unterminated quoted string"},
      {"a{b=\"\\q\"}", "1:5: parse error: unknown escape sequence in a string"},
      {"a{b=~\"(\"}", "1:6: parse error: error parsing regexp: missing ): ("},
      {"a{b:c=\"d\"}", "1:3: parse error: unexpected \"b:c\""},
      {"{a=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{a=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"a{__name__=\"b\"}", "1:2: parse error: metric name must not be set twice"},
      {"a[5]", "1:3: parse error: unexpected \"5\""},
      {"a[5x]", "1:3: parse error: bad number or duration syntax: \"5x\""},
      {".5m", "1:1: parse error: bad number or duration syntax: \".5m\""},
      {"a[1.5h]", "1:3: parse error: bad number or duration syntax: \"1.5h\""},
      {"a[5m5h]", "1:3: parse error: not a valid duration string: \"5m5h\""},
      {"a[0s]", "1:3: parse error: duration must be greater than 0"},
      {"a[999999999y]", "1:3: parse error: duration out of range"},
      {"rate(a)", "1:1: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"rate()", "1:1: parse error: expected 1 argument in call to \"rate\", got 0"},
      {"sum(1)", "1:1: parse error: expected type instant vector in aggregation expression, got scalar"},
      {"topk(a)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"sum(1, a)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"1 > 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"a + bool 2", "1:3: parse error: bool modifier can only be used on comparison operators"},
      {"a[5m] + 1", "1:7: parse error: binary expression must contain only scalar and instant vector types"},
      {"(a)[5m]", "1:4: parse error: ranges only allowed for vector selectors"},
      {"sum(a) offset 5m",
       "1:8: parse error: offset modifier must be preceded by an instant vector selector or range vector selector, "
       "once"},
      {"\xff", "1:1: parse error: unexpected character: '\xff'"},
      {"1e", "1:1: parse error: error parsing number: \"1e\""},
  }));
  CAPTURE(query);
  const auto parsed = parse(query);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().type == ErrorType::bad_data);
  CHECK(parsed.error().text == error);
}

TEST_CASE("what Prometheus knows and we do not is named", "[api]") {
  const auto [query, named] = GENERATE(table<std::string, std::string>({
      {"histogram_quantile(0.9, a)", "unsupported function \"histogram_quantile\""},
      {"irate(a[5m])", "unsupported function \"irate\""},
      {"time()", "unsupported function \"time\""},
      {"stddev(a)", "unsupported aggregation \"stddev\""},
      {"quantile by (b) (0.5, a)", "unsupported aggregation \"quantile\""},
      {"a + b", "unsupported operation between two vectors"},
      {"a + on(b) c", "unsupported vector matching \"on\""},
      {"a and b", "unsupported operator \"and\""},
      {"a OR b", "unsupported operator \"OR\""},
      {"a % 2", "unsupported operator \"%\""},
      {"2 ^ 2", "unsupported operator \"^\""},
      {"a @ 5", "unsupported modifier \"@\""},
      {"a[5m:1m]", "unsupported subquery"},
      {"max_over_time(rate(a[5m])[1h:])", "ranges only allowed for vector selectors"},
      {"\"text\"", "unsupported string literal"},
  }));
  CAPTURE(query);
  const auto parsed = parse(query);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().text.find(named) != std::string::npos);
}

TEST_CASE("words of the language are names of metrics and labels where they can be", "[api]") {
  const auto query = GENERATE(as<std::string>(), "sum", "count + 1", "offset offset 5m", "rate[5m]", "sum(sum)", "by",
                              "a{sum=\"1\", by='2', offset=`3`,}", "sum(a) by (by, sum,)", "sum by () (a)", ":a:b",
                              "SUM WITHOUT (a) (b)", "bool > 1", "{__name__=\"a\"}", "a{}", "rate((a[5m]))");
  CAPTURE(query);
  CHECK(parse(query));
}

TEST_CASE("strings have the escapes of Go", "[api]") {
  const auto [literal, value] = GENERATE(table<std::string, std::string>({
      {R"("a\"b")", "a\"b"},
      {R"('a\'b"')", "a'b\""},
      {R"("\n\t\\")", "\n\t\\"},
      {R"("\x41\101\u00e4\U0001F321")", "AA\xc3\xa4\xf0\x9f\x8c\xa1"},
      {R"(`a\n"`)", "a\\n\""},
  }));
  CAPTURE(literal);
  const auto selector = parse_series_selector("{a=" + literal + "}");
  REQUIRE(selector);
  CHECK(selector->matchers.front().matches(value));
  CHECK_FALSE(selector->matchers.front().matches(value + "x"));
}

TEST_CASE("a query is bounded in length and height", "[api]") {
  const auto repeated = [](const std::string& text, int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
  };
  CHECK(parse(repeated("(", 90) + "1" + repeated(")", 90)));
  const auto deep = GENERATE_COPY(repeated("(", 5000), repeated("-", 5000) + "a", repeated("sum(", 3000),
                                  "a" + repeated("+1", 101), repeated("-+", 4000) + "1", "1" + repeated("-(1", 3000));
  const auto parsed = parse(deep);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().text.find("more than 100 levels within each other") != std::string::npos);
  CHECK(parse(std::string(20'000, ' ')).error().text == "the query is longer than 16384 bytes");
}

TEST_CASE("match[] takes a selector and nothing else", "[api]") {
  CHECK(parse_series_selector("a{b=\"c\"}"));
  const auto other = GENERATE(as<std::string>(), "a[5m]", "a offset 5m", "sum(a)", "1", "a + 1");
  CHECK_FALSE(parse_series_selector(other));
}

}  // namespace
}  // namespace telltale::test
