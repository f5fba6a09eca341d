#include "analytics/reading_gate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace telltale::analytics {

namespace {
enum LastFlag : unsigned { is_backlog = 1, is_boolean = 2 };
}  // namespace

void ReadingGate::series_added(std::uint32_t series) {
  if (series >= last_.size()) last_.resize(series + std::size_t{1});
}

void ReadingGate::series_removed(std::uint32_t series) {
  if (last_[series].backlog) std::erase(backlog_, series);
  last_[series] = {};
}

void ReadingGate::take(const proto::Reading& reading) {
  const auto series = proto::to_number(reading.series);
  if (!ws_.fleet.knows_series(series)) return;
  const auto device = ws_.fleet.series(series).device;
  watchdog_.heard(device);
  if (!reading.numeric()) return;
  const double x = reading.as_double();
  if (!std::isfinite(x) || std::chrono::abs(reading.ts.time_since_epoch()) > end_of_time) return;
  Last& last = last_[series];
  if (reading.ts == last.newest) return;
  const bool newer = reading.ts > last.newest;
  const bool from_backlog = reading.source == proto::TsSource::backlog;
  if (!from_backlog) windows_.add(series, reading.ts, x, newer ? Windows::Arrival::newest : Windows::Arrival::older);
  if (!newer) return;
  last.newest = reading.ts;
  last.value = x;
  last.boolean = reading.type == proto::ValueType::boolean;
  if (from_backlog) {
    if (!std::exchange(last.backlog, true)) backlog_.push_back(series);
    return;
  }
  last.backlog = false;
  const Millis live_age = std::clamp(ws_.rules.live_max_age, Millis{0}, end_of_time) + watchdog_.period(device);
  if (ws_.clock.log_now() - reading.ts <= live_age) judge(series, last);
}

void ReadingGate::judge(std::uint32_t series, Last& last) {
  last.judged = ws_.clock.now();
  rules_.judge(series, {last.value, last.newest, last.boolean});
}

void ReadingGate::caught_up() {
  std::sort(backlog_.begin(), backlog_.end());
  for (const auto series : std::exchange(backlog_, {}))
    if (std::exchange(last_[series].backlog, false)) judge(series, last_[series]);
}

bool ReadingGate::fresh(std::uint32_t series) const {
  const Millis limit = stale_after(watchdog_.period(ws_.fleet.series(series).device));
  return !watchdog_.cut_off() && last_[series].judged != never && ws_.clock.now() - last_[series].judged < limit;
}

void ReadingGate::encode(proto::ByteWriter& out) const {
  for (const Last& last : last_) {
    put(out, last.newest);
    out.f64(last.value);
    put(out, last.judged);
    out.u8(static_cast<std::uint8_t>((last.backlog ? is_backlog : 0U) | (last.boolean ? is_boolean : 0U)));
  }
}

bool ReadingGate::decode(proto::ByteReader& in) {
  last_.resize(ws_.fleet.series_slots());
  for (std::size_t series = 0; series < last_.size(); ++series) {
    Last& last = last_[series];
    last.newest = get_timestamp(in);
    last.value = in.f64();
    last.judged = get_instant(in);
    const unsigned flags = in.u8();
    last.backlog = (flags & is_backlog) != 0;
    last.boolean = (flags & is_boolean) != 0;
    if (!in.ok()) return false;
    if (last.backlog) backlog_.push_back(static_cast<std::uint32_t>(series));
    if (last.backlog && !ws_.fleet.knows_series(series)) return false;
  }
  return true;
}

}  // namespace telltale::analytics
