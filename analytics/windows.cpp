#include "analytics/windows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace telltale::analytics {

namespace {

constexpr Millis shortest{1000};
constexpr Millis longest{31LL * 24 * 3600 * 1000};
constexpr Millis hour{3'600'000};
constexpr Millis usual_base{300'000};
constexpr std::uint64_t slots = 64;
constexpr double largest = 1e150;  // squares of anything larger are not finite; no sensor measures it

bool is_derived(Millis length) { return length >= hour && length % hour == Millis{0}; }

/// The longest wanted length that whole hours can be made of.
Millis base_of(const std::map<Millis, std::pair<bool, bool>>& wanted) {
  Millis base{0};
  for (const auto& [length, kinds] : wanted)
    if (length < hour && hour % length == Millis{0}) base = length;
  return base > Millis{0} ? base : usual_base;
}

}  // namespace

void Windows::lengths_changed() {
  std::map<Millis, std::pair<bool, bool>> wanted;
  for (const auto w : ws_.rules.windows)
    if (w >= shortest && w <= longest) wanted[w].first = true;
  for (const auto w : ws_.rules.rollup_windows)
    if (w >= shortest && w <= longest) wanted[w].second = true;
  const bool deriving = std::any_of(wanted.begin(), wanted.end(), [](const auto& w) { return is_derived(w.first); });
  base_ = deriving ? base_of(wanted) : Millis{0};
  if (deriving) wanted.try_emplace(base_, false, false);
  std::vector<Track> tracks;
  for (const auto& [length, kinds] : wanted) {
    const auto old = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& t) { return t.length == length; });
    Track& track = tracks.emplace_back(old == tracks_.end() ? Track{} : std::move(*old));
    track.length = length;
    track.aggregates = kinds.first;
    track.rollups = kinds.second;
    track.derived = is_derived(length);
    track.slot_scale = (slots << 32) / static_cast<std::uint64_t>(length.count());
    track.newest.resize(ws_.fleet.series_slots());
  }
  tracks_ = std::move(tracks);
}

void Windows::series_added(std::uint32_t series) {
  for (Track& track : tracks_)
    if (series >= track.newest.size()) track.newest.resize(series + std::size_t{1});
}

void Windows::series_removed(std::uint32_t series) {
  for (Track& track : tracks_) {
    for (auto place = std::exchange(track.newest[series], 0); place != 0; place = track.pool[place - 1].next) {
      const auto index = place - 1;
      const auto window = std::lower_bound(track.open.begin(), track.open.end(), track.pool[index].start,
                                           [](const Window& w, Timestamp s) { return w.start < s; });
      std::erase(window->sums, index);
      if (window->sums.empty()) track.open.erase(window);
      track.free.push_back(index);
    }
  }
}

Windows::Sum* Windows::find(Track& track, std::uint32_t series, Timestamp ts) {
  for (auto i = track.newest[series]; i != 0; i = track.pool[i - 1].next) {
    Sum& sum = track.pool[i - 1];
    if (sum.start <= ts && ts - sum.start < track.length) return &sum;
  }
  return nullptr;
}

void Windows::add(std::uint32_t series, Timestamp ts, double x, Arrival arrival) {
  if (std::abs(x) > largest) return;
  bool late = false;
  for (Track& track : tracks_) {
    if (track.derived) continue;
    Sum* sum = find_or_open(track, series, ts);
    if (sum == nullptr) {
      late = true;
    } else if (!repetition(track, *sum, ts, arrival)) {
      sum->add(ts, x);
    }
  }
  if (late) ++late_;
}

bool Windows::repetition(const Track& track, Sum& sum, Timestamp ts, Arrival arrival) {
  const auto since_start = static_cast<std::uint64_t>((ts - sum.start).count());
  const std::uint64_t slot = std::uint64_t{1} << ((since_start * track.slot_scale) >> 32);
  if (arrival == Arrival::older && sum.count <= slots && (sum.taken & slot) != 0) return true;
  sum.taken |= slot;
  return false;
}

Windows::Sum* Windows::find_or_open(Track& track, std::uint32_t series, Timestamp ts) {
  if (Sum* sum = find(track, series, ts)) return sum;
  const Timestamp start = window_start(ts, track.length);
  auto at = std::lower_bound(track.open.begin(), track.open.end(), start,
                             [](const Window& w, Timestamp s) { return w.start < s; });
  if (at == track.open.end() || at->start != start) {
    const Millis lateness = std::clamp(ws_.rules.allowed_lateness, Millis{0}, longest);
    Instant closes = ws_.clock.to_instant(start + track.length + lateness);
    if (closes <= ws_.clock.now() && !track.derived) return nullptr;
    closes = std::max(closes, ws_.clock.now());  // made of one shorter window, which ends with it
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

/// All lengths, the shorter first: a derived window closes after the last that it is made of.
void Windows::on_deadline(const Timer& timer) {
  if (!due(timer)) return;
  for (Track& track : tracks_) {
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
}

void Windows::derive(const std::vector<Sum>& sums) {
  for (Track& track : tracks_) {
    if (!track.derived) continue;
    for (const Sum& sum : sums) find_or_open(track, sum.series, sum.start)->add(sum);
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
  std::erase_if(sums, [](const Sum& s) { return s.count == 0; });
  std::sort(sums.begin(), sums.end(), [](const Sum& a, const Sum& b) { return a.series < b.series; });
  if (track.length == base_) derive(sums);
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
    out.stddev = sum.stddev();
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

}  // namespace telltale::analytics
