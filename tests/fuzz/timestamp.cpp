#include "proto/timestamp.hpp"

#include "proto/query_time.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

constexpr auto year_0000 = from_ms(-62'167'219'200'000), year_9999 = from_ms(253'402'300'799'999);

void survives(Timestamp ts) {
  if (ts < year_0000 || ts > year_9999) return;  // RFC 3339 has no word for it
  const auto again = proto::timestamp_from_text(proto::format_rfc3339(ts), proto::TimeZone());
  promise(again && *again == ts, "a time survives as text");
}

void run(std::string_view bytes) {
  static const proto::TimeZone prague("Europe/Prague");
  constexpr auto now = from_ms(1'763'700'000'000);
  if (const auto ts = proto::timestamp_from_text(bytes, proto::TimeZone())) survives(*ts);
  if (const auto ts = proto::timestamp_from_text(bytes, prague)) survives(*ts);
  if (const auto ts = proto::timestamp_from_number(bytes)) survives(*ts);
  const auto asked = proto::parse_query_time(bytes, now);
  promise(asked || !asked.error().empty(), "a time that cannot be read is told why");
}

}  // namespace

Target timestamp() { return {"timestamp", &run}; }

}  // namespace telltale::fuzz
