#include "store/fleet_moments.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "store/day.hpp"

namespace telltale::store {

using namespace proto;

namespace {

class FleetRead {
 public:
  FleetRead(ReadView& view, const std::unordered_set<SeriesId>* wanted, const MomentsQuery& query)
      : view_(view), wanted_(wanted), query_(query), plan_(view, query) {}

  std::vector<Stretch> run() {
    find_touched();
    if (const auto& days = plan_.days()) {
      take_rows(RollupStep::day, days->from, days->to);
      for (const auto day : touched_days_)
        if (day * day_ms >= days->from && day * day_ms < days->to)
          take_rows(RollupStep::hour, day * day_ms, (day + 1) * day_ms);
    }
    for (const auto& hours : plan_.hours()) take_rows(RollupStep::hour, hours.from, hours.to);
    for (const auto& interval : plan_.intervals()) read(interval);
    for (const auto& [hour, series] : touched_)
      if (const auto interval = plan_.rolled_hour(hour)) read(*interval, series);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_wanted(SeriesId series) const {
    return (wanted_ == nullptr || wanted_->contains(series)) && !view_.removed().has(series);
  }

  /// Hours and series for which the log has something to say that rollups do not know.
  void find_touched() {
    const auto look = [this](std::int64_t from, std::int64_t to) {
      view_.log().each_time(from, to, [this](SeriesId series, std::int64_t ts) {
        if (!is_wanted(series)) return;
        touched_[hour_of(ts)].insert(series);
        touched_days_.insert(day_of(ts));
      });
    };
    if (const auto& days = plan_.days()) look(days->from, days->to);
    for (const auto& hours : plan_.hours()) look(hours.from, hours.to);
  }

  void take_rows(RollupStep step, std::int64_t from, std::int64_t to) {
    const auto stands = [&](const RollupRow& row) {
      if (step == RollupStep::day) return !touched_days_.contains(day_of(row.t));
      const auto found = touched_.find(hour_of(row.t));
      return found == touched_.end() || !found->second.contains(row.series);
    };
    for (const auto& [file, name] : view_.rollups(step, from, to))
      file->each(from, to, [&, &klass = name](const RollupRow& row) {
        if (plan_.usable(row.t, klass) && is_wanted(row.series) && stands(row))
          out_.push_back({row.t, Moments::of(row.n, row.min, row.max, row.sum, row.sumsq, row.last)});
      });
  }

  /// All series that have readings there, or those of `only`.
  void read(const MomentsPlan::Interval& interval) {
    std::map<SeriesId, std::vector<std::pair<OpenDayFile, std::vector<DayFile::Head>>>> found;
    if (interval.day != nullptr)
      for (const auto& file : interval.day->files) {
        const auto opened = view_.open(file);
        opened.file->each_head(interval.from, interval.to, [&](SeriesId series, const DayFile::Head& head) {
          if (!is_wanted(series)) return;
          auto& of_series = found[series];
          if (of_series.empty() || of_series.back().first.file != opened.file) of_series.push_back({opened, {}});
          of_series.back().second.push_back(head);
        });
      }
    view_.log().each_series(interval.from, interval.to, [&](SeriesId series) {
      if (is_wanted(series)) found[series];
    });
    for (auto& [series, files] : found) {
      Pieces pieces(series, view_);
      for (auto& [file, heads] : files) pieces.add(std::move(file), std::move(heads));
      read(pieces, series, interval);
    }
  }

  void read(const MomentsPlan::Interval& interval, const std::set<SeriesId>& only) {
    for (const auto series : only) {
      Pieces pieces(series, view_);
      for (const auto& file : interval.day->files) {
        auto opened = view_.open_for_reads(file);
        auto heads = opened.file->heads(series, interval.from, interval.to);
        pieces.add(std::move(opened), std::move(heads));
      }
      read(pieces, series, interval);
    }
  }

  void read(Pieces& pieces, SeriesId series, const MomentsPlan::Interval& interval) {
    auto parts = view_.log().readings(series, interval.from, interval.to);
    for (auto& part : parts) part.points.merge();
    pieces.add(parts, interval.from, interval.to);
    read_stretches(pieces, interval.from, interval.to, query_, out_);
  }

  ReadView& view_;
  const std::unordered_set<SeriesId>* wanted_;
  const MomentsQuery& query_;
  MomentsPlan plan_;
  std::map<std::int64_t, std::set<SeriesId>> touched_;  // by hour
  std::set<std::int64_t> touched_days_;
  std::vector<Stretch> out_;
};

}  // namespace

std::vector<Stretch> fleet_stretches(ReadView& view, const std::unordered_set<SeriesId>* wanted,
                                     const MomentsQuery& query) {
  if (query.from >= query.to) return {};
  return FleetRead(view, wanted, query).run();
}

}  // namespace telltale::store
