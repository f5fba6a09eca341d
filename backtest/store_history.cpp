#include "backtest/store_history.hpp"

#include <algorithm>
#include <tuple>

#include "store/day.hpp"
#include "store/export.hpp"

namespace telltale::backtest {

namespace {

constexpr Millis one_day{24 * 3'600'000};
constexpr Millis shortest_slice{1'000};

Timestamp end_of_day(Timestamp at) { return from_ms((store::day_of(to_ms(at)) + 1) * store::day_ms); }

proto::Reading to_reading(proto::SeriesId series, const store::Row& row) {
  proto::Reading r{};
  r.ts = row.ts;
  r.series = series;
  r.type = row.type;
  r.source = row.source;
  if (row.type == proto::ValueType::integer) {
    r.integer = row.integer;
  } else if (row.type != proto::ValueType::text) {
    r.number = row.number;
  }
  return r;
}

}  // namespace

StoreHistory::StoreHistory(const std::filesystem::path& folder, const SeriesPatterns& patterns,
                           std::size_t piece_readings)
    : reader_(folder),
      directory_(matching(reader_.directory(), patterns)),
      days_(store::days_with_readings(folder)),
      piece_readings_(std::max<std::size_t>(piece_readings, 1)) {}

store::Range StoreHistory::extent() const {
  std::optional<Timestamp> first;
  std::optional<Timestamp> last;
  std::vector<proto::Reading> day;
  for (auto it = days_.begin(); it != days_.end() && !first; ++it) {
    const auto from = from_ms(*it * store::day_ms);
    for (const auto& series : directory_.series) {
      const auto rows = reader_.rows(series.id, {from, from + one_day});
      if (!rows.empty()) first = std::min(first.value_or(rows.front().ts), rows.front().ts);
    }
  }
  for (const auto& series : directory_.series)
    if (const auto row = reader_.latest(series.id)) last = std::max(last.value_or(row->ts), row->ts);
  if (!first || !last) return {};
  return {*first, *last + Millis{1}};
}

void StoreHistory::start(store::Range range) {
  left_ = range;
  slice_ = one_day;
}

/// False: more than a piece may hold.
bool StoreHistory::fill(store::Range slice, std::vector<proto::Reading>& piece) const {
  piece.clear();
  for (const auto& series : directory_.series) {
    for (const auto& row : reader_.rows(series.id, slice)) piece.push_back(to_reading(series.id, row));
    if (piece.size() > piece_readings_ && slice.to - slice.from > shortest_slice) return false;
  }
  return true;
}

std::optional<Timestamp> StoreHistory::next_with_readings(Timestamp at) const {
  const auto day = std::ranges::lower_bound(days_, store::day_of(to_ms(at)));
  if (day == days_.end()) return std::nullopt;
  return std::max(at, from_ms(*day * store::day_ms));
}

bool StoreHistory::next(std::vector<proto::Reading>& piece) {
  piece.clear();
  while (piece.empty() && left_.from < left_.to) {
    const auto from = next_with_readings(left_.from);
    if (!from || *from >= left_.to) return false;
    store::Range slice{*from, {}};
    for (;; slice_ = std::max(slice_ / 2, shortest_slice)) {
      slice.to = std::min({slice.from + slice_, end_of_day(slice.from), left_.to});
      if (fill(slice, piece)) break;
    }
    left_.from = slice.to;
    if (piece.size() < piece_readings_ / 4) slice_ = std::min(slice_ * 2, one_day);
  }
  std::ranges::sort(piece, {}, [](const proto::Reading& r) { return std::tuple(r.ts, r.series); });
  return !piece.empty();
}

std::vector<store::Sample> StoreHistory::shape(proto::SeriesId series, store::Range range, std::size_t points) {
  return reader_.downsampled(series, range, points, store::Downsampling::min_max);
}

}  // namespace telltale::backtest
