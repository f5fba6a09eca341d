#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/batch.hpp"
#include "store/folder_changes.hpp"
#include "store/log_run.hpp"
#include "store/points.hpp"
#include "store/removed.hpp"
#include "store/segment.hpp"

namespace telltale::store {

/// The log that is not sealed yet, as a reader that is asked often sees it. refresh() walks only frames that are new
/// since the last one; readings are decoded when a question first touches their time, and kept by series as far as
/// `most_bytes` reaches (beyond it they are decoded each time).
/// Threads: one at a time. Errors: StoreFailure for I/O errors.
class LogTail {
 public:
  using Now = FolderChanges::Moment (*)();
  LogTail(std::filesystem::path log_folder, std::size_t most_bytes, Now now = &std::chrono::steady_clock::now);

  /// Takes in everything committed before the call. Ask the catalog afterwards which segments are sealed.
  void refresh();
  /// There are segments that forget() was not asked about.
  [[nodiscard]] bool has_new_segments() const noexcept { return new_segments_; }
  void forget(const std::function<bool(std::uint64_t generation)>& sealed);

  struct Part {
    std::uint64_t generation;
    Points points;  // in order of arrival
  };
  /// One series' readings in [from, to), by generation.
  [[nodiscard]] std::vector<Part> readings(proto::SeriesId series, std::int64_t from, std::int64_t to);
  /// Calls visit(series) for series that may have readings in [from, to), in any order, more than once.
  void each_series(std::int64_t from, std::int64_t to, const std::function<void(proto::SeriesId)>& visit);
  /// Calls visit(series, ts) for readings in [from, to), in any order.
  void each_time(std::int64_t from, std::int64_t to, const std::function<void(proto::SeriesId, std::int64_t)>& visit);

  /// Calls visit(generation, reading, text) for one reading per series and segment: its newest by event time, of equal
  /// times the later arrival. For all series, or those named.
  using VisitLatest = std::function<void(std::uint64_t, const proto::Reading&, std::string_view)>;
  void each_latest(const VisitLatest& visit);
  void each_latest(std::span<const proto::SeriesId> series, const VisitLatest& visit);
  /// What was added to the directory, in order.
  void each_directory_event(const std::function<void(const proto::Event&)>& visit);
  /// Appends for each segment a place behind the last frame that has readings of these series (of any, when none are
  /// named) in [from, to). It moves when such a frame comes, and not for any frame that has other hours only, or other
  /// series only.
  void append_revision(std::int64_t from, std::int64_t to, std::span<const proto::SeriesId> series, std::string& out);
  /// Appends how much of each segment each_directory_event() would show.
  void append_directory_revision(std::string& out);
  /// Counts what each_directory_event() would show: unchanged, then so is that.
  [[nodiscard]] std::uint64_t directory_version();
  /// What the log removes, known after refresh() already: readings that are shown by the functions above may be dead.
  [[nodiscard]] const Removed& removed() const noexcept { return removed_; }
  [[nodiscard]] std::vector<Removal> removals() const;  // in order
  /// All batches, in order. Cost: decodes them.
  void each_batch(const std::function<void(const proto::Batch&)>& visit);
  /// Batches that hold dead letters, in order.
  void each_letter_batch(const std::function<void(const proto::Batch&)>& visit);

 private:
  struct Frame {
    SegmentScanner::Place place;
    std::uint64_t readings;
    std::int64_t t_min, t_max;
  };
  /// Consecutive frames. Without a run they are not decoded (any more).
  struct Block {
    std::size_t first, end;  // frames
    std::uint64_t readings;
    std::int64_t t_min, t_max;
    std::optional<LogRun> run;
  };
  /// The newest reading of each series and the last frame that has any of it, in pages by number: ids are dense, but
  /// nothing promises it.
  class Newest {
   public:
    void add(std::size_t frame, const proto::Reading& reading, std::string_view text);
    void each(const std::function<void(const proto::Reading&, std::string_view)>& visit) const;
    void one(proto::SeriesId series, const std::function<void(const proto::Reading&, std::string_view)>& visit) const;
    /// Behind the last frame that has readings of the series; 0 = none has.
    [[nodiscard]] std::size_t end(proto::SeriesId series) const;

   private:
    static constexpr std::uint32_t page_size = 1024;
    struct Page {
      std::array<proto::Reading, page_size> readings{};  // all of series none
      std::array<std::uint32_t, page_size> ends{};
    };
    [[nodiscard]] std::string_view text_of(const proto::Reading& reading) const;
    std::map<std::uint32_t, std::unique_ptr<Page>> pages_;
    std::unordered_map<proto::SeriesId, std::string> texts_;
  };
  struct Segment {
    std::uint64_t generation;
    SegmentScanner scanner;
    std::vector<Frame> frames;
    std::vector<Block> blocks;
    std::vector<Removal> removals;
    // Behind the last frame that may have readings of an hour; and of those that span too many hours to be listed.
    std::map<std::int64_t, std::size_t> end_of_hour;
    std::size_t end_of_wide = 0;
    // What is known of the frames before `learned`.
    std::size_t learned = 0;
    Newest newest;
    std::vector<proto::Event> directory;
    std::vector<std::size_t> letters;  // frames
  };

  bool decode(Segment& segment, std::size_t frame);  // into batch_
  void walk(Segment& segment);
  static void note_hours(Segment& segment, const Frame& frame);
  void learn();
  void settle(Segment& segment, std::int64_t from, std::int64_t to);
  [[nodiscard]] bool may_keep(const Block& block) const;
  template <class Visit>
  void each_frame(Segment& segment, const Block& block, std::int64_t from, std::int64_t to, Visit&& visit);

  void list();

  std::filesystem::path folder_;
  Now now_;
  FolderChanges folder_changes_;
  bool new_segments_ = false;
  std::size_t most_bytes_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t directory_version_ = 0;
  Removed removed_;
  std::map<std::uint64_t, Segment> segments_;
  std::set<std::uint64_t> forgotten_;  // generations whose files are still there
  proto::Batch batch_;                 // working memory
};

}  // namespace telltale::store
