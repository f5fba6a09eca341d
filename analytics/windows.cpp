#include "analytics/windows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace telltale::analytics {

namespace {

constexpr Millis shortest{1000};
constexpr Millis longest{31LL * 24 * 3600 * 1000};
constexpr double largest = 1e150;  // squares of anything larger are not finite; no sensor measures it

Timestamp window_start(Timestamp ts, Millis length) {
  const auto since_epoch = ts.time_since_epoch();
  auto rest = since_epoch % length;
  if (rest < Millis{0}) rest += length;
  return Timestamp{since_epoch - rest};
}

}  // namespace

void Windows::lengths_changed() {
  std::map<Millis, std::pair<bool, bool>> wanted;
  for (const auto w : ws_.rules.windows)
    if (w >= shortest && w <= longest) wanted[w].first = true;
  for (const auto w : ws_.rules.rollup_windows)
    if (w >= shortest && w <= longest) wanted[w].second = true;
  std::vector<Track> tracks;
  for (const auto& [length, kinds] : wanted) {
    const auto old = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& t) { return t.length == length; });
    tracks.push_back(old == tracks_.end() ? Track{} : std::move(*old));
    tracks.back().length = length;
    tracks.back().aggregates = kinds.first;
    tracks.back().rollups = kinds.second;
    tracks.back().newest.resize(ws_.fleet.series_slots());
  }
  tracks_ = std::move(tracks);
}

void Windows::series_added(std::uint32_t series) {
  for (Track& track : tracks_)
    if (series >= track.newest.size()) track.newest.resize(series + std::size_t{1});
}

void Windows::add(std::uint32_t series, Timestamp ts, double x) {
  if (std::abs(x) > largest) return;
  bool late = false;
  for (Track& track : tracks_) {
    Sum* sum = nullptr;
    for (auto i = track.newest[series]; i != 0; i = track.pool[i - 1].next) {
      Sum& candidate = track.pool[i - 1];
      if (candidate.start <= ts && ts - candidate.start < track.length) {
        sum = &candidate;
        break;
      }
    }
    if (sum == nullptr) sum = find_or_open(track, series, ts);
    if (sum == nullptr) {
      late = true;
    } else {
      update(*sum, ts, x);
    }
  }
  if (late) ++late_;
}

void Windows::update(Sum& sum, Timestamp ts, double x) {
  ++sum.count;
  if (sum.count == 1) {
    sum.min = sum.max = sum.last = x;
    sum.last_ts = ts;
  } else {
    sum.min = std::min(sum.min, x);
    sum.max = std::max(sum.max, x);
    if (ts >= sum.last_ts) {
      sum.last_ts = ts;
      sum.last = x;
    }
  }
  const double d = x - sum.mean;
  sum.mean += d / sum.count;
  sum.m2 += d * (x - sum.mean);
}

Windows::Sum* Windows::find_or_open(Track& track, std::uint32_t series, Timestamp ts) {
  const Timestamp start = window_start(ts, track.length);
  auto at = std::lower_bound(track.open.begin(), track.open.end(), start,
                             [](const Window& w, Timestamp s) { return w.start < s; });
  if (at == track.open.end() || at->start != start) {
    const Millis lateness = std::clamp(ws_.rules.allowed_lateness, Millis{0}, longest);
    const Instant closes = ws_.clock.to_instant(start + track.length + lateness);
    if (closes <= ws_.clock.now()) return nullptr;
    at = track.open.insert(at, Window{start, closes, {}});
    ws_.timers.add({closes, static_cast<std::uint64_t>(track.length.count()), TimerKind::window});
  }
  return &new_sum(track, *at, series);
}

Windows::Sum& Windows::new_sum(Track& track, Window& window, std::uint32_t series) {
  if (track.free.empty()) {
    track.pool.emplace_back();
    track.free.push_back(static_cast<std::uint32_t>(track.pool.size() - 1));
  }
  const auto index = track.free.back();
  track.free.pop_back();
  Sum& sum = track.pool[index];
  sum = Sum{};
  sum.start = window.start;
  sum.series = series;
  sum.next = track.newest[series];
  track.newest[series] = index + 1;
  window.sums.push_back(index);
  return sum;
}

const Windows::Track* Windows::track_of(const Timer& timer) const {
  const auto found = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& t) {
    return static_cast<std::uint64_t>(t.length.count()) == timer.subject;
  });
  return found == tracks_.end() ? nullptr : &*found;
}

std::optional<Instant> Windows::due(const Timer& timer) const {
  const Track* track = track_of(timer);
  if (track == nullptr) return std::nullopt;
  for (const Window& w : track->open)
    if (w.closes == timer.deadline) return w.closes;
  return std::nullopt;
}

void Windows::on_deadline(const Timer& timer) {
  const Track* found = track_of(timer);
  if (found == nullptr) return;
  Track& track = tracks_[static_cast<std::size_t>(found - tracks_.data())];
  for (std::size_t i = 0; i < track.open.size();) {
    if (track.open[i].closes > ws_.clock.now()) {
      ++i;
      continue;
    }
    const Window window = std::move(track.open[i]);
    track.open.erase(track.open.begin() + static_cast<std::ptrdiff_t>(i));
    close(track, window);
  }
  if (track.free.size() == track.pool.size()) {
    track.pool = {};
    track.free = {};
  }
}

void Windows::close(Track& track, const Window& window) {
  std::vector<Sum> sums;
  sums.reserve(window.sums.size());
  for (const auto index : window.sums) {
    const Sum& sum = track.pool[index];
    auto* link = &track.newest[sum.series];
    while (*link != index + 1) link = &track.pool[*link - 1].next;
    *link = sum.next;
    sums.push_back(sum);
    track.free.push_back(index);
  }
  std::sort(sums.begin(), sums.end(), [](const Sum& a, const Sum& b) { return a.series < b.series; });
  if (track.aggregates) say_aggregates(track, sums);
  if (track.rollups) say_rollups(track, sums);
}

void Windows::say_aggregates(const Track& track, const std::vector<Sum>& sums) {
  for (const Sum& sum : sums) {
    const auto device = ws_.fleet.series(sum.series).device;
    const auto& site = ws_.fleet.site_of(device);
    proto::WindowAggregate out;
    out.tenant = site.tenant;
    out.site = site.name;
    out.device = ws_.fleet.device(device).name;
    out.metric = ws_.fleet.metric(sum.series);
    out.unit = ws_.fleet.unit(sum.series);
    out.window = track.length;
    out.start = sum.start;
    out.count = sum.count;
    out.avg = sum.mean;
    out.min = sum.min;
    out.max = sum.max;
    out.last = sum.last;
    out.stddev = std::sqrt(sum.m2 / sum.count);
    ws_.say(std::move(out));
  }
}

void Windows::say_rollups(const Track& track, std::vector<Sum>& sums) {
  const auto device_of = [this](const Sum& s) { return ws_.fleet.series(s.series).device; };
  std::sort(sums.begin(), sums.end(), [&](const Sum& a, const Sum& b) {
    if (device_of(a) != device_of(b)) return device_of(a) < device_of(b);
    const auto& ma = ws_.fleet.metric(a.series);
    const auto& mb = ws_.fleet.metric(b.series);
    return ma != mb ? ma < mb : a.series < b.series;
  });
  for (std::size_t i = 0; i < sums.size();) {
    const auto device = device_of(sums[i]);
    const auto& site = ws_.fleet.site_of(device);
    proto::DeviceRollup out;
    out.tenant = site.tenant;
    out.site = site.name;
    out.device = ws_.fleet.device(device).name;
    out.window = track.length;
    out.start = sums[i].start;
    for (; i < sums.size() && device_of(sums[i]) == device; ++i)
      out.columns.push_back({ws_.fleet.metric(sums[i].series), sums[i].mean, sums[i].min, sums[i].max});
    ws_.say(std::move(out));
  }
}

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
        put(out, s.last_ts);
        for (const double v : {s.mean, s.m2, s.min, s.max, s.last}) out.f64(v);
      }
    }
  }
}

bool Windows::decode(proto::ByteReader& in) {
  lengths_changed();
  late_ = in.varint();
  if (in.varint() != tracks_.size()) return false;
  for (Track& track : tracks_) {
    if (in.zigzag() != track.length.count()) return false;
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
        s.last_ts = get_timestamp(in);
        for (double* v : {&s.mean, &s.m2, &s.min, &s.max, &s.last}) *v = in.f64();
        if (!in.ok() || s.count == 0) return false;
      }
      track.open.push_back(std::move(window));
    }
  }
  return in.ok();
}

}  // namespace telltale::analytics
