#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/moments.hpp"
#include "store/pieces.hpp"
#include "store/read_view.hpp"

namespace telltale::store {

/// What a series' finite numeric readings come to in one stretch of time, which lies inside one bucket.
struct Stretch {
  std::int64_t t;  // its first reading's, or the start of the hour or day
  Moments moments;
};

/// What is asked for: [from, to) in buckets of `step`, aligned to the epoch; 0 = one bucket.
struct MomentsQuery {
  std::int64_t from, to;
  std::int64_t step;
  enum class From : std::uint8_t {
    summaries,  // rollups and chunk headers, where they say the same as the readings
    readings,   // while there are any
  } source = From::summaries;
  RollupColumns columns = RollupColumns::all;  // sum: only n and the sum of the moments will be looked at

  [[nodiscard]] std::int64_t bucket(std::int64_t ts) const;
};

/// Where the answer lies. Rollups hold what the files of closed days hold, and all that is left of days whose readings
/// have gone; hours for which the unsealed log has readings are read.
class MomentsPlan {
 public:
  MomentsPlan(const ReadView& view, const MomentsQuery& query);

  struct Interval {
    std::int64_t from, to;
    const ReadView::Day* day;  // null: only the log can have readings
  };
  /// To be read, by time.
  [[nodiscard]] const std::vector<Interval>& intervals() const noexcept { return intervals_; }
  /// Times whose rollups may be used: whole days, and whole hours. The days are not among the hours.
  struct Range {
    std::int64_t from, to;
  };
  [[nodiscard]] const std::optional<Range>& days() const noexcept { return days_; }
  [[nodiscard]] const std::vector<Range>& hours() const noexcept { return hours_; }
  /// A class' row that begins there.
  [[nodiscard]] bool usable(std::int64_t t, const std::string& klass) const;
  /// An hour that intervals() leaves to the rollups, to be read when the log has readings of it; none for other hours.
  [[nodiscard]] std::optional<Interval> rolled_hour(std::int64_t hour) const;

 private:
  void add(std::int64_t from, std::int64_t to, const ReadView::Day* day);

  [[nodiscard]] bool rolled_up(const ReadView::Day& day) const;

  const ReadView& view_;
  const MomentsQuery& query_;
  std::int64_t first_hour_, end_hour_;  // ms: the whole hours of what is asked
  bool by_hours_;
  std::optional<Range> days_;
  std::vector<Range> hours_;
  std::vector<Interval> intervals_;
};

/// Reads stretches out of pieces in [from, to).
void read_stretches(Pieces& pieces, std::int64_t from, std::int64_t to, const MomentsQuery& query,
                    std::vector<Stretch>& out);

/// One series' stretches, by time.
[[nodiscard]] std::vector<Stretch> series_stretches(ReadView& view, proto::SeriesId series, const MomentsQuery& query);

/// One entry per bucket that has readings, by time. Precondition: by time.
struct MomentsBucket {
  std::int64_t bucket;
  Moments moments;
};
[[nodiscard]] std::vector<MomentsBucket> fold(const std::vector<Stretch>& stretches, const MomentsQuery& query);

}  // namespace telltale::store
