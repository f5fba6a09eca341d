#include "proto/zone_offsets.hpp"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

#include "proto/config_error.hpp"

namespace telltale::proto {

Millis ZoneOffsets::at(Timestamp t) const {
  const auto after = std::upper_bound(changes.begin(), changes.end(), t,
                                      [](Timestamp value, const Change& change) { return value < change.at; });
  return after == changes.begin() ? first : std::prev(after)->offset;
}

Timestamp ZoneOffsets::to_utc(Millis local) const {
  Millis before = first;
  for (const Change& change : changes) {
    const Timestamp utc{local - before};
    if (utc < change.at) return utc;
    // Local times that the change skips have an instant in neither offset.
    if (Timestamp{local - change.offset} < change.at) return change.at;
    before = change.offset;
  }
  return Timestamp{local - before};
}

ZoneOffsets zone_offsets(const std::string& iana_name) {
  ZoneOffsets zone;
  zone.name = iana_name;
  if (iana_name == "UTC") return zone;
  const date::time_zone* known = nullptr;
  try {
    known = date::locate_zone(iana_name);
  } catch (const std::runtime_error&) {
    throw ConfigError("unknown time zone '" + iana_name + "'");
  }
  using date::sys_days;
  const date::sys_seconds end = sys_days{date::year{2060} / 1 / 1};
  auto info = known->get_info(date::sys_seconds{sys_days{date::year{2020} / 1 / 1}});
  zone.first = info.offset;
  while (info.end < end) {
    info = known->get_info(info.end);
    zone.changes.push_back({Timestamp{info.begin.time_since_epoch()}, info.offset});
  }
  return zone;
}

void encode(const ZoneOffsets& zone, ByteWriter& out) {
  out.str(zone.name);
  out.zigzag(zone.first.count());
  out.varint(zone.changes.size());
  for (const auto& change : zone.changes) {
    out.zigzag(to_ms(change.at));
    out.zigzag(change.offset.count());
  }
}

bool decode(ByteReader& in, ZoneOffsets& zone) {
  constexpr std::int64_t a_day = 86'400'000;
  constexpr std::int64_t far = std::int64_t{1} << 50;
  const auto offset = [&] { return Millis{std::clamp(in.zigzag(), -a_day, a_day)}; };
  zone = ZoneOffsets{};
  zone.name = in.str();
  zone.first = offset();
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    const Timestamp at = from_ms(std::clamp(in.zigzag(), -far, far));
    if (!zone.changes.empty() && at <= zone.changes.back().at) return false;
    zone.changes.push_back({at, offset()});
  }
  return in.ok();
}

}  // namespace telltale::proto
