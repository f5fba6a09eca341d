#include "app/config_filters.hpp"

#include <catch2/catch.hpp>

namespace telltale::app {
namespace {

TEST_CASE("a filter covers another when it matches everything the other does", "[app]") {
  auto [wide, narrow, expected] = GENERATE(table<const char*, const char*, bool>({
      {"#", "a/b", true},     {"#", "#", true},        {"a/#", "a", true},
      {"a/#", "a/b/c", true}, {"a/#", "a/#", true},    {"a/#", "a/+/#", true},
      {"a/#", "b/#", false},  {"a/+", "a/b", true},    {"a/+", "a/+", true},
      {"a/+", "a/#", false},  {"a/+", "a", false},     {"a/+", "a/b/c", false},
      {"+/b", "a/b", true},   {"+/+/#", "a/b", true},  {"a/b", "a/+", false},
      {"a/b", "a/b", true},   {"a", "a/b", false},     {"a/b", "a", false},
      {"a//b", "a//b", true}, {"a/+/b", "a//b", true}, {"tele/#", "tele/+/SENSOR", true},
  }));
  CAPTURE(wide, narrow);
  CHECK(covers(wide, narrow) == expected);
}

}  // namespace
}  // namespace telltale::app
