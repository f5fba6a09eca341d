#include <algorithm>

#include "analytics/windows.hpp"

namespace telltale::analytics {

namespace {
constexpr unsigned first_deriving_version = 6;
}  // namespace

void Windows::encode(proto::ByteWriter& out) const {
  out.varint(late_);
  out.varint(tracks_.size());
  for (const Track& track : tracks_) {
    out.zigzag(track.length.count());
    out.varint(track.open.size());
    for (const Window& window : track.open) {
      put(out, window.start);
      put(out, window.closes);
      out.varint(window.sums.size());
      for (const auto index : window.sums) {
        const Sum& s = track.pool[index];
        out.varint(s.series);
        out.varint(s.count);
        out.u64(s.taken);
        put(out, s.last_ts);
        for (const double v : {s.mean, s.m2, s.min, s.max, s.last}) out.f64(v);
      }
    }
  }
}

bool Windows::decode(proto::ByteReader& in, unsigned version) {
  lengths_changed();
  late_ = in.varint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const Millis length{in.zigzag()};
    const auto track = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& t) { return t.length == length; });
    if (track == tracks_.end() || !track->open.empty() || !decode(in, *track, version)) return false;
  }
  if (version < first_deriving_version) take_out_open();
  return in.ok();
}

bool Windows::decode(proto::ByteReader& in, Track& track, unsigned version) {
  const auto windows = in.varint();
  if (windows > in.remaining()) return false;
  for (std::uint64_t w = 0; w < windows; ++w) {
    Window window;
    window.start = get_timestamp(in);
    window.closes = get_instant(in);
    if (window.start != window_start(window.start, track.length)) return false;
    if (!track.open.empty() && track.open.back().start >= window.start) return false;
    const auto sums = in.varint();
    if (sums == 0 || sums > in.remaining()) return false;
    for (std::uint64_t i = 0; i < sums; ++i) {
      const auto series = in.varint();
      if (!ws_.fleet.knows_series(series)) return false;
      Sum& s = new_sum(track, window, static_cast<std::uint32_t>(series));
      s.count = static_cast<std::uint32_t>(in.varint());
      if (version >= first_deriving_version) s.taken = in.u64();
      s.last_ts = get_timestamp(in);
      for (double* v : {&s.mean, &s.m2, &s.min, &s.max, &s.last}) *v = in.f64();
      if (!in.ok()) return false;
    }
    track.open.push_back(std::move(window));
  }
  return in.ok();
}

/// Older versions counted each reading at once in windows that are derived now.
void Windows::take_out_open() {
  for (const Track& base : tracks_) {
    if (base.length != base_) continue;
    for (const Window& window : base.open)
      for (const auto index : window.sums)
        for (Track& track : tracks_)
          if (Sum* whole = track.derived ? find(track, base.pool[index].series, window.start) : nullptr)
            whole->take_out(base.pool[index]);
  }
}

}  // namespace telltale::analytics
