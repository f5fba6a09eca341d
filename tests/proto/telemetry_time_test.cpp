#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

namespace {
const std::string topic = "telemetry/site1/esp32-7";
}

TEST_CASE("a row's time comes from ts, age_ms or the uptimes", "[proto][lesson-16]") {
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {R"({"t":1,"ts":1763699990})", "t=1@1763699990000"},
      {R"({"t":1,"ts":"1763699990"})", "t=1@1763699990000"},
      {R"({"t":1,"ts":1763699990123456789})", "t=1@1763699990123"},
      {R"({"t":1,"ts":1763699990.25})", "t=1@1763699990250"},
      {R"({"t":1,"ts":"2025-11-21T04:39:50Z"})", "t=1@1763699990000"},
      {R"({"t":1,"ts":"2025-11-21T04:39:50"})", "t=1@1763699990000"},
      {R"({"t":1,"age_ms":10000})", "t=1~1763699990000"},
      {R"({"t":1,"age_ms":"10000"})", "t=1~1763699990000"},
      {R"({"t":1,"age_ms":0})", "t=1~1763700000000"},
      {R"({"t":1,"uptime_ms":5000,"uptime_now_ms":15000})", "t=1~1763699990000"},
      {R"({"t":1,"ts":1763699990,"age_ms":5})", "t=1@1763699990000"},
      {R"({"t":1,"ts":12,"age_ms":10000})", "t=1~1763699990000"},
      {R"({"t":1,"ts":null,"uptime_ms":5000,"uptime_now_ms":15000})", "t=1~1763699990000"},
      {R"({"t":1,"ts":null})", "t=1"},
      {R"({"t":1,"ts":nan})", "t=1"},
      {R"({"t":1,"uptime_ms":5000})", "t=1"},
      {R"({"t":1,"uptime_now_ms":5000})", "t=1"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
  for (std::size_t i = 0; i < time_replaced_count; ++i) CHECK(decode.out.replaced[i] == 0);
}

TEST_CASE("a time that cannot be true is replaced by the receive time and counted", "[proto][lesson-16]") {
  const auto [payload, reason] = GENERATE(table<std::string, TimeReplaced>({
      {R"({"t":1,"ts":0})", TimeReplaced::unset_clock},
      {R"({"t":1,"ts":12})", TimeReplaced::unset_clock},
      {R"({"t":1,"ts":-1})", TimeReplaced::unset_clock},
      {R"({"t":1,"ts":"1970-01-01T00:00:12Z"})", TimeReplaced::unset_clock},
      {R"({"t":1,"ts":1763700301})", TimeReplaced::future},
      {R"({"t":1,"ts":2763700000})", TimeReplaced::future},
      {R"({"t":1,"ts":1e300})", TimeReplaced::future},
      {R"({"t":1,"ts":946684800})", TimeReplaced::past},
      {R"({"t":1,"ts":1761021599})", TimeReplaced::past},
      {R"({"t":1,"ts":"soon"})", TimeReplaced::unparsable},
      {R"({"t":1,"ts":true})", TimeReplaced::unparsable},
      {R"({"t":1,"ts":{}})", TimeReplaced::unparsable},
      {R"({"t":1,"ts":[1763700000]})", TimeReplaced::unparsable},
      {R"({"t":1,"age_ms":"old"})", TimeReplaced::unparsable},
      {R"({"t":1,"age_ms":1e300})", TimeReplaced::past},
      {R"({"t":1,"age_ms":-1e300})", TimeReplaced::future},
      {R"({"t":1,"age_ms":2678400001})", TimeReplaced::past},
      {R"({"t":1,"uptime_ms":999999999,"uptime_now_ms":5})", TimeReplaced::future},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == "t=1");
  CHECK(decode.out.samples.front().source == TsSource::receive);
  CHECK(decode.replaced(reason) == 1);
}

TEST_CASE("times are judged row by row", "[proto][lesson-16]") {
  Decoding decode;
  CHECK(decode(topic, R"([{"ts":5,"t":1},{"ts":1763699990,"t":2},{"ts":1863699990,"t":3}])") ==
        "t=1 t=2@1763699990000 t=3");
  CHECK(decode.replaced(TimeReplaced::unset_clock) == 1);
  CHECK(decode.replaced(TimeReplaced::future) == 1);
}

TEST_CASE("window and zone are configurable", "[proto][lesson-16]") {
  DecoderOptions options;
  options.max_future = Millis{1000};
  options.max_past = Millis{60'000};
  options.zone = "Europe/Prague";
  Decoding decode(options);
  CHECK(decode(topic, R"({"t":1,"ts":1763700001})") == "t=1@1763700001000");
  CHECK(decode(topic, R"({"t":1,"ts":1763700002})") == "t=1");
  CHECK(decode(topic, R"({"t":1,"ts":1763699939})") == "t=1");
  CHECK(decode(topic, R"({"t":1,"ts":"2025-11-21T05:39:50"})") == "t=1@1763699990000");
  CHECK(decode(topic, R"({"t":1,"ts":"2025-11-21T04:39:50Z"})") == "t=1@1763699990000");
}
