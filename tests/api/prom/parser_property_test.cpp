#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "api/prom/parser.hpp"
#include "tests/api/prom/memory_source.hpp"

namespace telltale::test {
namespace {

using namespace api::prom;

/// Pieces of the language, so that many mutants are understood.
const std::vector<std::string> pieces = {"t",
                                         "sum",
                                         "topk",
                                         "by",
                                         "without",
                                         "offset",
                                         "bool",
                                         "rate",
                                         "stddev_over_time",
                                         "(",
                                         ")",
                                         "(",
                                         ")",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "[5m]",
                                         ",",
                                         ":",
                                         "+",
                                         "-",
                                         "*",
                                         "/",
                                         "%",
                                         "^",
                                         "==",
                                         "!=",
                                         "<=",
                                         ">",
                                         "=~",
                                         "!~",
                                         "=",
                                         "@",
                                         "1",
                                         "0x",
                                         "1e9",
                                         ".",
                                         "5m",
                                         "1h30m",
                                         "9999999999999999999",
                                         "Inf",
                                         "NaN",
                                         "\"a.*\"",
                                         "'",
                                         "\\",
                                         "`",
                                         "#",
                                         "\n",
                                         " ",
                                         " ",
                                         "device",
                                         "\xc3\xa4"};

const std::vector<std::string> good = {"sum by (site) (rate(t{device=~\"a|b\"}[5m] offset 1h)) * 100 > 2",
                                       "topk(3, -avg_over_time(t[1h30m]))", "1+1",
                                       "max(t{device!=\"x\"}) without (device) / 3 >= bool 0x1F"};

/// Understood or refused; what is understood can be asked.
void check_query(const std::string& query) {
  const auto parsed = parse(query);
  if (!parsed) {
    RC_ASSERT(!parsed.error().text.empty());
    return;
  }
  RC_ASSERT(parsed->height <= ParserLimits{}.height);
  MemorySource source;
  source.add({{"__name__", "t"}, {"device", "a"}}, {{0, 1}, {60, 2}});
  (void)evaluate(*parsed, {at_second(0), Millis{30'000}, 4}, source);
}

TEST_CASE("no bytes crash the parser of queries", "[api]") {
  CHECK(rc::check("random bytes", [] { check_query(*rc::gen::container<std::string>(rc::gen::arbitrary<char>())); }));
}

TEST_CASE("no order of the language's pieces crashes the parser", "[api]") {
  CHECK(rc::check("random pieces", [] {
    std::string query;
    for (const auto& piece : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces))) query += piece;
    check_query(query);
  }));
}

TEST_CASE("no change to a good query crashes the parser", "[api]") {
  CHECK(rc::check("mutated queries", [] {
    auto query = *rc::gen::elementOf(good);
    const auto changes = *rc::gen::inRange(1, 5);
    for (int i = 0; i < changes; ++i) {
      const auto at = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(query.size()) + 1));
      const auto erased = static_cast<std::size_t>(*rc::gen::inRange(0, 4));
      query.replace(at, erased, *rc::gen::elementOf(pieces));
    }
    check_query(query);
  }));
}

TEST_CASE("what stands within each other without end is refused, however it is made", "[api]") {
  CHECK(rc::check("one piece many times", [] {
    const auto piece = *rc::gen::elementOf(pieces);
    const auto times = *rc::gen::inRange(0, 20'000);
    std::string query;
    for (int i = 0; i < times && query.size() < 20'000; ++i) query += piece;
    check_query(query);
  }));
}

}  // namespace
}  // namespace telltale::test
