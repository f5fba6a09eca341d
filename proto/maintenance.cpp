#include "proto/maintenance.hpp"

#include <algorithm>

namespace telltale::proto {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t far_ms = std::int64_t{1} << 50;
constexpr Millis longest{7 * day_ms};

/// Days since 1970-01-01 of the local day.
std::int64_t day_of(Millis local) { return (local.count() >= 0 ? local.count() : local.count() - day_ms + 1) / day_ms; }

/// 0 = Monday; 1970-01-01 was a Thursday.
unsigned weekday_of(std::int64_t day) { return static_cast<unsigned>(((day + 3) % 7 + 7) % 7); }

}  // namespace

std::optional<TimeSpan> next_occurrence(const MaintenanceWindow& w, Timestamp t) {
  if (w.once) return t < w.once->until ? w.once : std::nullopt;
  if ((w.weekdays & 0x7F) == 0 || w.duration <= Millis{0}) return std::nullopt;
  const std::int64_t today = day_of(t.time_since_epoch() + w.zone.at(t));
  const std::int64_t first = today - 2 - w.duration.count() / day_ms;
  for (std::int64_t day = first; day <= today + 9; ++day) {
    if ((w.weekdays >> weekday_of(day) & 1U) == 0) continue;
    const Timestamp from = w.zone.to_utc(Millis{day * day_ms} + w.start);
    if (t < from + w.duration) return TimeSpan{from, from + w.duration};
  }
  return std::nullopt;
}

void encode(const MaintenanceWindow& w, ByteWriter& out) {
  out.str(w.name);
  encode(w.pattern, out);
  out.str(w.comment);
  out.boolean(w.once.has_value());
  if (w.once) {
    out.zigzag(to_ms(w.once->from));
    out.zigzag(to_ms(w.once->until));
    return;
  }
  out.u8(w.weekdays);
  out.zigzag(w.start.count());
  out.zigzag(w.duration.count());
  encode(w.zone, out);
}

bool decode(ByteReader& in, MaintenanceWindow& w) {
  w = MaintenanceWindow{};
  w.name = in.str();
  decode(in, w.pattern);
  w.comment = in.str();
  if (in.boolean()) {
    const auto time = [&] { return from_ms(std::clamp(in.zigzag(), -far_ms, far_ms)); };
    const auto from = time();
    w.once = TimeSpan{from, time()};
    return in.ok();
  }
  w.weekdays = in.u8();
  w.start = std::clamp(Millis{in.zigzag()}, Millis{0}, Millis{day_ms});
  w.duration = std::clamp(Millis{in.zigzag()}, Millis{0}, longest);
  return decode(in, w.zone) && in.ok();
}

}  // namespace telltale::proto
