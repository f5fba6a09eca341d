#include <catch2/catch.hpp>

#include "tests/api/rest_bench.hpp"

namespace telltale::test {
namespace {

const std::string path = "/api/v1/devices/site1/boiler/temperature/expected";
const std::string names = R"({"site":"site1","device":"boiler","metric":"temperature","unit":"Cel",)";

TEST_CASE("what the detector expects of a series by the hour, and where it would speak", "[api]") {
  RestBench bench;
  const auto answer = bench.read(path);
  CHECK(answer.status == 200);
  CHECK(answer.body == names + R"("rule":"unusual","limit":4,"utc_offset":60,"hours":[)"
                               R"({"hour":4,"expected":7.5,"low":5.25,"high":9.75},{"hour":5,"expected":8}]})");
  CHECK(bench.read(path, "If-None-Match: " + answer.headers.at("etag") + "\r\n").status == 304);
}

TEST_CASE("what is expected is said to three digits of how far readings may be off", "[api]") {
  RestBench bench;
  bench.expectations.know({{"r",
                            4,
                            Millis{0},
                            {{0, 21.498001098632812, 0.9625802145898},
                             {1, 123456.78, 4321.1},
                             {2, 0.1 + 0.2, std::nullopt},
                             {3, 0, 0},
                             {4, 1e300, 1e-300}}}});
  CHECK(bench.read(path).body == names + R"("rule":"r","limit":4,"utc_offset":0,"hours":[)"
                                         R"({"hour":0,"expected":21.498,"low":20.535,"high":22.461},)"
                                         R"({"hour":1,"expected":123460,"low":119140,"high":127780},)"
                                         R"({"hour":2,"expected":0.3},{"hour":3,"expected":0,"low":0,"high":0},)"
                                         R"({"hour":4,"expected":1e+300,"low":1e+300,"high":1e+300}]})");
}

TEST_CASE("of several rules the one with the least limit says what is expected, and one that learns says nothing yet",
          "[api]") {
  RestBench bench;
  bench.expectations.know({{"late", 6, Millis{0}, {{1, 20, 3}}}, {"early", 3, Millis{0}, {}}});
  CHECK(bench.read(path).body == names + R"("rule":"early","limit":3,"utc_offset":0,"hours":[]})");
}

TEST_CASE("what is not watched, not there or of somebody else is not found", "[api]") {
  RestBench bench;
  const auto [where, detail] = GENERATE(table<std::string, std::string>({
      {"site1/boiler/on", "no rule of type unusual watches this series"},
      {"site1/boiler/humidity", "this device has no such metric"},
      {"site1/nobody/temperature", "there is no such device"},
      {"site9/vault/grail", "there is no such device"},
  }));
  CAPTURE(where);
  const auto answer = bench.read("/api/v1/devices/" + where + "/expected");
  CHECK(answer.status == 404);
  CHECK(answer.body.find(detail) != std::string::npos);
}

TEST_CASE("before the log is read nobody knows what is expected", "[api]") {
  RestBench bench;
  bench.expectations.fall_behind();
  const auto answer = bench.read(path);
  CHECK(answer.status == 503);
  CHECK(answer.headers.count("retry-after") == 1);
  CHECK(answer.body.find("still reading its log") != std::string::npos);
}

}  // namespace
}  // namespace telltale::test
