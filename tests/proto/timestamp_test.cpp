#include "proto/timestamp.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <tuple>

#include "proto/config_error.hpp"

using namespace telltale;
using namespace telltale::proto;

namespace {

std::string spelled(const Result<Timestamp, TimeReplaced>& ts) {
  return ts ? std::to_string(to_ms(*ts)) : std::string(to_string(ts.error()));
}

}  // namespace

TEST_CASE("numbers are seconds, ms, us or ns by their size and are read exactly", "[proto][lesson-16]") {
  const auto [number, expected] = GENERATE(table<std::string, std::string>({
      {"1763700000", "1763700000000"},
      {"1763700000.5", "1763700000500"},
      {"1763700000.123", "1763700000123"},
      {"1763700000.9999", "1763700001000"},
      {"1.7637e9", "1763700000000"},
      {"1763700000123", "1763700000123"},
      {"1763700000123.9", "1763700000123"},
      {"1763700000123456", "1763700000123"},
      {"1763700000123456789", "1763700000123"},  // a double would say …124 at times
      {"1763700000123999999", "1763700000123"},
      {"99999999999", "99999999999000"},
      {"100000000000", "100000000000"},
      {"99999999999999", "99999999999999"},
      {"100000000000000", "100000000000"},
      {"99999999999999999", "99999999999999"},
      {"100000000000000000", "100000000000"},
      {"268435456", "268435456000"},
      {"268435455", "unset_clock"},
      {"268435455.9", "unset_clock"},
      {"0", "unset_clock"},
      {"17", "unset_clock"},
      {"-1763700000", "unset_clock"},
      {"9223372036854775807", "9223372036854"},
      {"18446744073709551615", "18446744073709"},
      {"1e300", "future"},
      {"x", "unparsable"},
      {"", "unparsable"},
  }));
  CAPTURE(number);
  CHECK(spelled(timestamp_from_number(number)) == expected);
}

TEST_CASE("texts are ISO 8601, RFC 3339 or numbers", "[proto][lesson-16]") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"2025-11-21T04:40:00Z", "1763700000000"},
      {"2025-11-21t04:40:00z", "1763700000000"},
      {"2025-11-21 04:40:00Z", "1763700000000"},
      {"2025-11-21T04:40:00", "1763700000000"},
      {"2025-11-21T04:40", "1763700000000"},
      {"2025-11-21T05:40:00+01:00", "1763700000000"},
      {"2025-11-21T05:40:00+0100", "1763700000000"},
      {"2025-11-21T05:40:00+01", "1763700000000"},
      {"2025-11-20T23:10:00-05:30", "1763700000000"},
      {"2025-11-21T04:40:00.25Z", "1763700000250"},
      {"2025-11-21T04:40:00,25Z", "1763700000250"},
      {"2025-11-21T04:40:00.123999999Z", "1763700000123"},
      {"20251121T044000Z", "1763700000000"},
      {"2025-11-21", "1763683200000"},
      {" 2025-11-21T04:40:00Z ", "1763700000000"},
      {"2016-12-31T23:59:60Z", "1483228800000"},
      {"1763700000", "1763700000000"},
      {"1763700000.5", "1763700000500"},
      {"1763700000123", "1763700000123"},
      {"17", "unset_clock"},
      {"2025-02-30T00:00:00Z", "unparsable"},
      {"2025-13-01T00:00:00Z", "unparsable"},
      {"2025-11-21T24:00:00Z", "unparsable"},
      {"2025-11-21T04:60:00Z", "unparsable"},
      {"2025-11-21T04:40:00+", "unparsable"},
      {"2025-11-21T04:40:00+25:00", "unparsable"},
      {"2025-11-21T04:40:00Zx", "unparsable"},
      {"2025-11-21T04:40:00.Z", "unparsable"},
      {"2025-11-21T", "unparsable"},
      {"2025-1-21", "unparsable"},
      {"yesterday", "unparsable"},
      {"nan", "unparsable"},
      {"", "unparsable"},
  }));
  CAPTURE(text);
  CHECK(spelled(timestamp_from_text(text, TimeZone())) == expected);
}

TEST_CASE("a local time takes its offset from the zone of its day", "[proto][lesson-16]") {
  const TimeZone prague("Europe/Prague");
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"2025-11-21T05:40:00", "2025-11-21T04:40:00Z"},
      {"2025-07-01T12:00:00", "2025-07-01T10:00:00Z"},
      {"2025-07-01T12:00:00Z", "2025-07-01T12:00:00Z"},
      {"2025-10-26T02:30:00", "2025-10-26T00:30:00Z"},  // exists twice: the earlier
      {"2025-03-30T02:30:00", "2025-03-30T01:00:00Z"},  // does not exist: the change
  }));
  CAPTURE(text);
  const auto ts = timestamp_from_text(text, prague);
  REQUIRE(ts);
  CHECK(format_rfc3339(*ts) == expected);
}

TEST_CASE("an unknown zone is an error at start", "[proto][lesson-30]") {
  CHECK_THROWS_AS(TimeZone("Europe/Pragg"), ConfigError);
}

TEST_CASE("a device's time is believed inside of the window, to the millisecond", "[proto][lesson-16]") {
  const auto received = from_ms(1'763'700'000'000);
  constexpr std::int64_t day = 86'400'000;
  const auto [offset, expected] = GENERATE_COPY(table<std::int64_t, std::string>({
      {0, "1763700000000"},
      {5 * 60'000, "1763700300000"},
      {5 * 60'000 + 1, "future"},
      {-31 * day, std::to_string(1'763'700'000'000 - 31 * day)},
      {-31 * day - 1, "past"},
      {-1'763'700'000'000 + 12'000, "unset_clock"},
      {-1'763'700'000'000, "unset_clock"},
      {std::int64_t{100} * 365 * day, "future"},
  }));
  CAPTURE(offset);
  CHECK(spelled(believe(received + Millis{offset}, received, TimeWindow{})) == expected);
}

TEST_CASE("times are written as RFC 3339, with milliseconds when there are any", "[proto]") {
  const auto [ms, expected] = GENERATE(table<std::int64_t, std::string>({
      {1'763'700'000'000, "2025-11-21T04:40:00Z"},
      {1'763'700'000'250, "2025-11-21T04:40:00.250Z"},
      {1'763'700'000'007, "2025-11-21T04:40:00.007Z"},
      {0, "1970-01-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
  }));
  CAPTURE(ms);
  CHECK(format_rfc3339(from_ms(ms)) == expected);
}
