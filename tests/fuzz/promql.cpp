#include "api/prom/parser.hpp"
#include "tests/api/prom/memory_source.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

using namespace api::prom;

test::MemorySource some_series() {
  test::MemorySource source;
  source.add({{"__name__", "temperature"}, {"device", "a"}, {"site", "s"}}, {{0, 1}, {60, 2}, {90, 0}});
  source.add({{"__name__", "temperature"}, {"device", "b"}, {"site", "s"}}, {{0, -1}, {61, 2e300}});
  source.add({{"__name__", "t"}, {"device", "a"}}, {{0, 1}, {60, 1}});
  return source;
}

void run(std::string_view bytes) {
  (void)parse_series_selector(bytes);
  const auto parsed = parse(bytes);
  if (!parsed) return promise(!parsed.error().text.empty(), "a refused query is told why");
  promise(parsed->height <= ParserLimits{}.height, "a query is within its bounds");
  auto source = some_series();
  (void)evaluate(*parsed, {test::at_second(0), Millis{30'000}, 5}, source);
  (void)evaluate(*parsed, {test::at_second(90), Millis{1}, 1}, source);
}

}  // namespace

Target promql() { return {"promql", &run}; }

}  // namespace telltale::fuzz
