#include "analytics/record_gate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "analytics/log_clock.hpp"

namespace telltale::analytics {

namespace {
constexpr double clearly = 1.2;
constexpr std::uint32_t old_readings = 200;
constexpr std::int32_t old_minutes = 120 * 60;
}  // namespace

double RecordGate::pass(Timestamp ts, double u) {
  if (record_ > 0 && (++readings_since_ > old_readings || minute_of(to_ms(ts)) - set_minute_ > old_minutes))
    record_ = 0;
  if (!(u > quiet) || !(u > clearly * record_)) return 0;
  record_ = static_cast<float>(u);
  readings_since_ = 0;
  set_minute_ = minute_of(to_ms(ts));
  return u;
}

void RecordGate::encode(proto::ByteWriter& out) const {
  out.u32(std::bit_cast<std::uint32_t>(record_));
  out.varint(readings_since_);
  out.zigzag(set_minute_);
}

bool RecordGate::decode(proto::ByteReader& in) {
  record_ = std::bit_cast<float>(in.u32());
  readings_since_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.varint(), old_readings + 1));
  set_minute_ = static_cast<std::int32_t>(std::clamp(in.zigzag(), -latest_minute, latest_minute));
  return in.ok() && std::isfinite(record_);
}

}  // namespace telltale::analytics
