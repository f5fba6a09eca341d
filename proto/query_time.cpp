#include "proto/query_time.hpp"

#include <algorithm>

#include "proto/quantity_text.hpp"
#include "proto/timestamp.hpp"

namespace telltale::proto {

namespace {

constexpr Millis farthest = std::chrono::days{366 * 8000};  // within the years that can be written

}  // namespace

Result<Timestamp, std::string> parse_query_time(std::string_view text, Timestamp now) {
  if (text == "0") return from_ms(0);
  if (text.starts_with("now")) {
    if (text == "now") return now;
    const auto distance = parse_duration(text.substr(std::min<std::size_t>(4, text.size())));
    if (!distance || (text[3] != '-' && text[3] != '+')) {
      return fail("expected \"now\" or \"now-15m\", found \"" + std::string(text) + "\"");
    }
    if (*distance > farthest) return fail("\"" + std::string(text) + "\" is too far");
    return text[3] == '-' ? now - *distance : now + *distance;
  }
  const auto parsed = timestamp_from_text(text, TimeZone());
  if (!parsed) {
    return fail("\"" + std::string(text) +
                "\" is no time: use 2025-11-21T04:40:00Z, seconds or milliseconds since 1970, or now-15m");
  }
  return *parsed;
}

}  // namespace telltale::proto
