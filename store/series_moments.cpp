#include "store/series_moments.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "store/day.hpp"

namespace telltale::store {

using namespace proto;

namespace {

std::int64_t floor_to(std::int64_t t, std::int64_t step) { return floor_divide(t, step) * step; }
std::int64_t ceil_to(std::int64_t t, std::int64_t step) { return -floor_divide(-t, step) * step; }

Moments moments_of(const RollupRow& row) { return Moments::of(row.n, row.min, row.max, row.sum, row.sumsq, row.last); }

/// The hours that the log has readings of.
std::set<std::int64_t> hours_of(const std::vector<LogTail::Part>& parts) {
  std::set<std::int64_t> out;
  for (const auto& part : parts)
    for (const auto& reading : part.points.readings) {
      const auto hour = hour_of(to_ms(reading.ts));
      if (out.empty() || *out.rbegin() != hour) out.insert(hour);
    }
  return out;
}

void sort_by_time(std::vector<Stretch>& stretches) {
  if (!std::ranges::is_sorted(stretches, {}, &Stretch::t)) std::ranges::stable_sort(stretches, {}, &Stretch::t);
}

bool any_in(const std::set<std::int64_t>& hours, std::int64_t from, std::int64_t to) {
  const auto found = hours.lower_bound(hour_of(from));
  return found != hours.end() && *found * hour_ms < to;
}

}  // namespace

std::int64_t MomentsQuery::bucket(std::int64_t ts) const { return step == 0 ? 0 : floor_divide(ts, step); }

MomentsPlan::MomentsPlan(const ReadView& view, const MomentsQuery& query)
    : view_(view),
      query_(query),
      first_hour_(ceil_to(query.from, hour_ms)),
      end_hour_(floor_to(query.to, hour_ms)),
      by_hours_(query.step % hour_ms == 0 && first_hour_ < end_hour_) {
  const auto& [from, to, step, source, columns] = query;
  if (by_hours_) {
    const auto first_whole_day = ceil_to(first_hour_, day_ms);
    const auto end_whole_day = floor_to(end_hour_, day_ms);
    if (step % day_ms == 0 && first_whole_day < end_whole_day) {
      days_ = Range{first_whole_day, end_whole_day};
      if (first_hour_ < first_whole_day) hours_.push_back({first_hour_, first_whole_day});
      if (end_whole_day < end_hour_) hours_.push_back({end_whole_day, end_hour_});
    } else {
      hours_.push_back({first_hour_, end_hour_});
    }
  }
  auto done = from;
  for (const auto& day : view.days()) {
    const auto begin = std::max(from, day.day * day_ms);
    const auto end = std::min(to, (day.day + 1) * day_ms);
    if (begin >= end) continue;
    add(done, begin, nullptr);
    done = end;
    if (!rolled_up(day) || std::max(begin, first_hour_) >= std::min(end, end_hour_)) {
      add(begin, end, &day);
      continue;
    }
    add(begin, std::max(begin, first_hour_), &day);
    add(std::min(end, end_hour_), end, &day);
  }
  add(done, to, nullptr);
}

void MomentsPlan::add(std::int64_t from, std::int64_t to, const ReadView::Day* day) {
  if (from < to) intervals_.push_back({from, to, day});
}

bool MomentsPlan::rolled_up(const ReadView::Day& day) const {
  return by_hours_ && day.rolled_up && query_.source == MomentsQuery::From::summaries;
}

bool MomentsPlan::usable(std::int64_t t, const std::string& klass) const {
  const auto* day = view_.day(day_of(t));
  return day == nullptr || rolled_up(*day) || !day->has(klass);
}

std::optional<MomentsPlan::Interval> MomentsPlan::rolled_hour(std::int64_t hour) const {
  const auto from = hour * hour_ms;
  const auto* day = view_.day(day_of(from));
  if (day == nullptr || !rolled_up(*day) || from < first_hour_ || from + hour_ms > end_hour_) return std::nullopt;
  return Interval{from, from + hour_ms, day};
}

void read_stretches(Pieces& pieces, std::int64_t from, std::int64_t to, const MomentsQuery& query,
                    std::vector<Stretch>& out) {
  Points points;
  pieces.each_group([&](std::span<Piece> group) {
    const auto& head = group.front().chunk;
    const auto& header = head.header;
    if (group.size() == 1 && group.front().log == nullptr) {
      if (head.type == ValueType::text) return;
      if (query.source == MomentsQuery::From::summaries && header.values && header.t_min >= from && header.t_max < to &&
          query.bucket(header.t_min) == query.bucket(header.t_max)) {
        const auto& v = *header.values;
        out.push_back({header.t_min, Moments::of(header.n, v.min, v.max, v.sum, v.sumsq, v.last)});
        return;
      }
    }
    points.readings.clear();
    points.arena.clear();
    pieces.read(group, from, to, points);
    bool begun = false;
    std::int64_t bucket = 0;
    for (const auto& reading : points.readings) {
      if (!reading.numeric() || !std::isfinite(reading.as_double())) continue;
      const auto ts = to_ms(reading.ts);
      if (const auto at = query.bucket(ts); !begun || at != bucket) {
        bucket = at;
        begun = true;
        out.push_back({ts, {}});
      }
      out.back().moments.add(reading.as_double());
    }
  });
}

std::vector<Stretch> series_stretches(ReadView& view, SeriesId series, const MomentsQuery& query) {
  std::vector<Stretch> rolled_up;
  std::vector<Stretch> read_out;
  if (query.from >= query.to || view.removed().has(series)) return rolled_up;
  auto parts = view.log().readings(series, query.from, query.to);
  for (auto& part : parts) part.points.merge();
  const auto touched = hours_of(parts);
  const MomentsPlan plan(view, query);

  const auto take_hours = [&](std::int64_t from, std::int64_t to) {
    for (const auto& [file, klass] : view.rollups(RollupStep::hour, from, to)) {
      auto day = std::numeric_limits<std::int64_t>::min();
      bool usable = false;
      for (const auto& row : file->rows(series, from, to, query.columns)) {
        if (day_of(row.t) != std::exchange(day, day_of(row.t))) usable = plan.usable(row.t, klass);
        if (usable && !touched.contains(hour_of(row.t))) rolled_up.push_back({row.t, moments_of(row)});
      }
    }
  };
  if (const auto& days = plan.days()) {
    for (const auto& [file, klass] : view.rollups(RollupStep::day, days->from, days->to))
      for (const auto& row : file->rows(series, days->from, days->to, query.columns))
        if (plan.usable(row.t, klass) && !any_in(touched, row.t, row.t + day_ms))
          rolled_up.push_back({row.t, moments_of(row)});
    for (auto hour = touched.lower_bound(hour_of(days->from)); hour != touched.end() && *hour * hour_ms < days->to;) {
      const auto day = floor_to(*hour * hour_ms, day_ms);
      take_hours(day, day + day_ms);
      hour = touched.lower_bound(hour_of(day + day_ms));
    }
  }
  for (const auto& hours : plan.hours()) take_hours(hours.from, hours.to);

  const auto read = [&](const MomentsPlan::Interval& interval) {
    Pieces pieces(series, view);
    if (interval.day != nullptr)
      for (const auto& file : interval.day->files) {
        auto opened = view.open_for_reads(file);
        auto heads = opened.file->heads(series, interval.from, interval.to);
        pieces.add(std::move(opened), std::move(heads));
      }
    pieces.add(parts, interval.from, interval.to);
    read_stretches(pieces, interval.from, interval.to, query, read_out);
  };
  for (const auto& interval : plan.intervals())
    if (interval.day != nullptr || any_in(touched, interval.from, interval.to)) read(interval);
  for (const auto hour : touched)
    if (const auto interval = plan.rolled_hour(hour)) read(*interval);
  sort_by_time(rolled_up);
  sort_by_time(read_out);
  if (read_out.empty()) return rolled_up;
  if (rolled_up.empty()) return read_out;
  std::vector<Stretch> out;
  out.reserve(rolled_up.size() + read_out.size());
  std::ranges::merge(rolled_up, read_out, std::back_inserter(out), {}, &Stretch::t, &Stretch::t);
  return out;
}

std::vector<MomentsBucket> fold(const std::vector<Stretch>& stretches, const MomentsQuery& query) {
  std::vector<MomentsBucket> out;
  constexpr std::size_t usual_buckets = 4096;  // of a fleet there are many stretches to each
  out.reserve(std::min(stretches.size(), usual_buckets));
  for (const auto& stretch : stretches) {
    const auto bucket = query.bucket(stretch.t);
    if (out.empty() || out.back().bucket != bucket) out.push_back({bucket, {}});
    out.back().moments.add(stretch.moments);
  }
  return out;
}

}  // namespace telltale::store
