#include "proto/maintenance.hpp"

#include <catch2/catch.hpp>

#include "proto/config_error.hpp"
#include "proto/timestamp.hpp"

using namespace telltale;
using namespace telltale::proto;
using namespace std::chrono_literals;

namespace {

Timestamp at(const std::string& text) { return *timestamp_from_text(text, TimeZone{}); }

MaintenanceWindow sunday_night() {
  MaintenanceWindow window;
  window.name = "patching";
  window.weekdays = 0b1000000;
  window.start = 2h;
  window.duration = 2h;
  window.zone = zone_offsets("Europe/Prague");
  return window;
}

std::string shown(const std::optional<TimeSpan>& span) {
  return span ? format_rfc3339(span->from) + ' ' + format_rfc3339(span->until) : "none";
}

}  // namespace

TEST_CASE("a weekly window occurs by the local clock of its zone", "[proto]") {
  const auto [t, expected] = GENERATE(table<std::string, std::string>({
      {"2026-01-01T00:00:00Z", "2026-01-04T01:00:00Z 2026-01-04T03:00:00Z"},
      {"2026-01-04T01:00:00Z", "2026-01-04T01:00:00Z 2026-01-04T03:00:00Z"},
      {"2026-01-04T02:59:59Z", "2026-01-04T01:00:00Z 2026-01-04T03:00:00Z"},
      {"2026-01-04T03:00:00Z", "2026-01-11T01:00:00Z 2026-01-11T03:00:00Z"},
      {"2026-07-01T00:00:00Z", "2026-07-05T00:00:00Z 2026-07-05T02:00:00Z"},
      // 02:00 does not exist on this day, and exists twice on the other.
      {"2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-29T03:00:00Z"},
      {"2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z 2026-10-25T02:00:00Z"},
  }));
  CAPTURE(t);
  CHECK(shown(next_occurrence(sunday_night(), at(t))) == expected);
}

TEST_CASE("a window of many days may begin on several of them and run over midnight", "[proto]") {
  auto window = sunday_night();
  window.zone = {};
  window.weekdays = 0b1100000;
  window.start = 22h;
  window.duration = 10h;
  CHECK(shown(next_occurrence(window, at("2026-01-03T23:00:00Z"))) == "2026-01-03T22:00:00Z 2026-01-04T08:00:00Z");
  CHECK(shown(next_occurrence(window, at("2026-01-04T08:00:00Z"))) == "2026-01-04T22:00:00Z 2026-01-05T08:00:00Z");
  CHECK(shown(next_occurrence(window, at("2026-01-05T08:00:00Z"))) == "2026-01-10T22:00:00Z 2026-01-11T08:00:00Z");
  window.duration = 24h * 7;
  CHECK(shown(next_occurrence(window, at("2026-01-09T00:00:00Z"))) == "2026-01-03T22:00:00Z 2026-01-10T22:00:00Z");
}

TEST_CASE("a window that occurs once is over for ever", "[proto]") {
  MaintenanceWindow window;
  window.once = TimeSpan{at("2026-01-03T00:00:00Z"), at("2026-01-04T00:00:00Z")};
  CHECK(next_occurrence(window, at("2025-01-03T00:00:00Z")) == window.once);
  CHECK(next_occurrence(window, at("2026-01-03T23:59:59Z")) == window.once);
  CHECK_FALSE(next_occurrence(window, at("2026-01-04T00:00:00Z")));
}

TEST_CASE("a zone's offsets say the same as the time zone data", "[proto]") {
  const auto name = GENERATE(as<std::string>(), "UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu",
                             "Australia/Lord_Howe", "Pacific/Apia");
  CAPTURE(name);
  const auto offsets = zone_offsets(name);
  const TimeZone zone(name);
  for (auto local = to_ms(at("2021-01-01T00:10:00Z")); local < to_ms(at("2035-01-01T00:00:00Z")); local += 1'800'000)
    if (offsets.to_utc(Millis{local}) != zone.to_utc(Millis{local})) FAIL(format_rfc3339(from_ms(local)));
  CHECK_THROWS_AS(zone_offsets("Europe/Atlantis"), ConfigError);
}

TEST_CASE("windows are read back as they were written", "[proto]") {
  auto window = sunday_night();
  window.pattern.device = "pump-*";
  window.comment = "every week";
  auto once = window;
  once.once = TimeSpan{at("2026-01-03T00:00:00Z"), at("2026-01-04T00:00:00Z")};
  once.weekdays = 0;
  once.start = once.duration = 0h;
  once.zone = {};
  for (const auto& original : {window, once}) {
    std::string bytes;
    ByteWriter out(bytes);
    encode(original, out);
    ByteReader in(bytes);
    MaintenanceWindow read;
    CHECK(decode(in, read));
    CHECK(in.at_end());
    CHECK(read == original);
  }
}
