#include <catch2/catch.hpp>

#include "devices/broker_url.hpp"
#include "devices/rate.hpp"
#include "proto/config_error.hpp"

namespace telltale::devices {

using namespace std::chrono_literals;

TEST_CASE("rates are the time between two readings", "[devices]") {
  const auto [text, period] = GENERATE(table<const char*, Millis>(
      {{"1/s", 1s}, {"10/s", 100ms}, {"0.5/s", 2s}, {"6/min", 10s}, {"1/10s", 10s}, {"1000/s", 1ms}, {"1/h", 1h}}));
  CAPTURE(text);
  CHECK(parse_rate(text) == period);
}

TEST_CASE("what is no rate is refused", "[devices]") {
  const auto text = GENERATE(as<std::string>{}, "", "1", "/", "x/s", "1/x", "0/s", "-1/s", "1/0s", "2000/s", "1/s ",
                             "nan/s", "1/-1s");
  CAPTURE(text);
  CHECK_THROWS_AS(parse_rate(text), proto::ConfigError);
}

TEST_CASE("durations need a number and a unit", "[devices]") {
  const auto [text, duration] =
      GENERATE(table<const char*, Millis>({{"10s", 10s}, {"500ms", 500ms}, {"2m", 2min}, {"1.5s", 1500ms}}));
  CHECK(parse_duration(text) == duration);
  CHECK_THROWS_AS(parse_duration("s"), proto::ConfigError);
  CHECK_THROWS_AS(parse_duration("10"), proto::ConfigError);
  CHECK_THROWS_AS(parse_duration("-1s"), proto::ConfigError);
  CHECK_THROWS_AS(parse_duration("1e300s"), proto::ConfigError);
}

TEST_CASE("broker URLs are read", "[devices]") {
  const auto [text, uri] = GENERATE(table<const char*, const char*>({
      {"mqtt://127.0.0.1", "tcp://127.0.0.1:1883"},
      {"mqtt://broker.local:1884", "tcp://broker.local:1884"},
      {"mqtt://broker.local:1884/", "tcp://broker.local:1884"},
      {"mqtts://broker.local", "ssl://broker.local:8883"},
      {"mqtt://[::1]", "tcp://[::1]:1883"},
      {"mqtt://[::1]:1900", "tcp://[::1]:1900"},
  }));
  CHECK(BrokerUrl::parse(text).paho_uri() == uri);
}

TEST_CASE("what is no broker URL is refused without repeating a password", "[devices]") {
  const auto text = GENERATE(as<std::string>{}, "", "127.0.0.1:1883", "http://x", "mqtt://", "mqtt://:1883",
                             "mqtt://x:0", "mqtt://x:70000", "mqtt://x:18a", "mqtt://x/y", "mqtt://me:hidden@x");
  CAPTURE(text);
  CHECK_THROWS_AS(BrokerUrl::parse(text), proto::ConfigError);
  CHECK_THROWS_WITH(BrokerUrl::parse(text), !Catch::Contains("hidden"));
}

}  // namespace telltale::devices
