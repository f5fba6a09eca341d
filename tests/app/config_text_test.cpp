#include "app/config_text.hpp"

#include <catch2/catch.hpp>

namespace telltale::app {
namespace {

TEST_CASE("durations and sizes are a whole number and a unit", "[app]") {
  auto [text, value] = GENERATE(table<const char*, std::int64_t>(
      {{"20ms", 20}, {"2s", 2000}, {"5m", 300'000}, {"1h", 3'600'000}, {"7d", 604'800'000}, {"0s", 0}}));
  CHECK(parse_duration(text).value().count() == value);

  auto [bytes_text, bytes] = GENERATE(table<const char*, std::uint64_t>(
      {{"512B", 512}, {"64KiB", 65536}, {"64MiB", 67108864}, {"2GiB", 2147483648}, {"1TiB", 1099511627776}}));
  CHECK(parse_size(bytes_text).value() == bytes);
}

TEST_CASE("what is no duration says why", "[app][lesson-30]") {
  auto [text, error] = GENERATE(table<const char*, const char*>({
      {"2x", R"(unknown unit 'x' in "2x": use one of ms s m h d)"},
      {"2", R"("2" needs a unit: ms s m h d)"},
      {"", R"(expected a duration such as "2s", found "")"},
      {"s", R"(expected a duration such as "2s", found "s")"},
      {"-2s", R"(expected a duration such as "2s", found "-2s")"},
      {"1.5h", R"(unknown unit '.5h' in "1.5h": use one of ms s m h d)"},
      {"2 s", R"(unknown unit ' s' in "2 s": use one of ms s m h d)"},
      {"999999999999999999d", R"("999999999999999999d" is too much)"},
  }));
  CHECK(parse_duration(text).error() == error);
}

TEST_CASE("a size in thousands is refused rather than guessed", "[app][lesson-30]") {
  CHECK(parse_size("64MB").error() == R"(unknown unit 'MB' in "64MB": use one of B KiB MiB GiB TiB)");
}

TEST_CASE("durations and sizes are written with the largest unit that divides them", "[app]") {
  CHECK(duration_text(Millis{90'000}) == "90s");
  CHECK(duration_text(Millis{120'000}) == "2m");
  CHECK(duration_text(Millis{0}) == "0s");
  CHECK(duration_text(Millis{1}) == "1ms");
  CHECK(size_text(256 * 1024) == "256KiB");
  CHECK(size_text(0) == "0B");
  CHECK(size_text(1000) == "1000B");
}

TEST_CASE("a broker url gives host, port and TLS", "[app]") {
  auto [text, host, port, tls] = GENERATE(table<const char*, const char*, int, bool>({
      {"mqtt://127.0.0.1:1883", "127.0.0.1", 1883, false},
      {"mqtt://broker", "broker", 1883, false},
      {"mqtts://broker.example", "broker.example", 8883, true},
      {"mqtts://broker.example:443/", "broker.example", 443, true},
      {"mqtt://[::1]", "::1", 1883, false},
      {"mqtt://[fe80::1]:1884", "fe80::1", 1884, false},
  }));
  const auto url = parse_broker_url(text);
  REQUIRE(url);
  CHECK(url->host == host);
  CHECK(url->port == port);
  CHECK(url->tls == tls);
  CHECK(parse_broker_url(broker_url_text(url->host, url->port, url->tls))->host == host);
}

TEST_CASE("a broker url that cannot be used says why", "[app][lesson-30]") {
  auto [text, part] = GENERATE(table<const char*, const char*>({
      {"tcp://broker", "must begin with mqtt:// or mqtts://"},
      {"broker:1883", "must begin with mqtt:// or mqtts://"},
      {"mqtt://ana:secret@broker", "no credentials here"},
      {"mqtt://broker/path", "nothing may follow"},
      {"mqtt://", "no usable host"},
      {"mqtt://:1883", "no usable host"},
      {"mqtt://::1:1883", "no usable host"},
      {"mqtt://[::1", "no usable host"},
      {"mqtt://[nonsense]", "no usable host"},
      {"mqtt://bro ker", "no usable host"},
      {"mqtt://broker:", "no usable host"},
      {"mqtt://broker:0", "not a port"},
      {"mqtt://broker:65536", "not a port"},
      {"mqtt://broker:18x", "not a port"},
  }));
  CAPTURE(text);
  const auto url = parse_broker_url(text);
  REQUIRE(!url);
  CHECK(url.error().find(part) != std::string::npos);
  CHECK(url.error().find("secret") == std::string::npos);
}

TEST_CASE("a listen address is numeric", "[app]") {
  CHECK(parse_listen("127.0.0.1:8080")->host == "127.0.0.1");
  CHECK(parse_listen("[::]:80")->port == 80);
  CHECK(parse_listen("localhost:1")->host == "127.0.0.1");
  for (const auto* bad : {"8080", ":8080", "127.0.0.1", "host:80", "127.0.0.1:80x", "::1:80", "127.0.0.1:70000"}) {
    CAPTURE(bad);
    CHECK(!parse_listen(bad));
  }
}

TEST_CASE("a misspelt key finds its neighbour, a foreign word nothing", "[app][lesson-30]") {
  const std::vector<std::string_view> known = {"above", "below", "clear", "severity", "for"};
  CHECK(suggestion("abowe", known) == ", did you mean 'above'?");
  CHECK(suggestion("sevreity", known) == ", did you mean 'severity'?");
  CHECK(suggestion("of", known) == "");
  CHECK(suggestion("xylophone", known) == "");
  CHECK(suggestion(std::string(1000, 'a'), known) == "");
}

}  // namespace
}  // namespace telltale::app
