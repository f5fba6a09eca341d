#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "store/day_retention.hpp"
#include "store/disk.hpp"
#include "store/feed.hpp"
#include "store/recent_db.hpp"
#include "store/removal_work.hpp"
#include "store/rollup_repair.hpp"
#include "store/sealer.hpp"
#include "store/store.hpp"

namespace telltale::store {

/// Everything behind the write path, on a thread of its own: seals finished segments, unlinks what is sealed and
/// checkpointed, closes days that are over, drops old ones, keeps recent.db. What fails is said once and tried again.
/// It takes the processor time that is left over, so that queries and ingest do not wait for it.
class SealThread {
 public:
  SealThread(const StoreOptions& options, Catalog catalog, Feed& feed, const Clock& clock, proto::Logger& log,
             proto::Metrics& metrics);
  ~SealThread() { stop(); }

  void wake();  // a segment was finished
  void segment_begun(std::uint64_t generation);
  /// For the writer, before each batch into segment `generation`: when many finished segments wait (the processors are
  /// busy with other things), a pause of some milliseconds. None while sealing fails: ingest goes on.
  void let_catch_up(std::uint64_t generation);
  void checkpointed(proto::LogPosition position);
  void stop();  // after the segment or day it works on
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

 private:
  void run(const std::stop_token& stop);
  void clean_up();
  bool attempt(const char* what, const std::function<void()>& step);
  void give_way();
  void seal_finished(const std::stop_token& stop);
  void seal(const SegmentInfo& segment);
  void release();
  void release(const SegmentInfo& segment);
  void close_days(const std::stop_token& stop);
  [[nodiscard]] bool rewrite(const DayGroup& group, const std::stop_token& stop);
  void mend_rollups(const std::stop_token& stop);
  void take_out_removed(const std::stop_token& stop);
  void retain();
  void make_room();
  void tick_recent();
  void measure();
  [[nodiscard]] std::int64_t today() const;
  [[nodiscard]] bool seal_waiting() const;
  void salvage_damaged_days();
  [[nodiscard]] bool sound(const Catalog::DayFile& file) const;

  const StoreOptions options_;
  Catalog catalog_;
  Feed& feed_;
  const Clock& clock_;
  proto::Logger& log_;
  Disk disk_;
  const RetentionPolicy policy_;
  DayClose close_;
  DayRetention retention_;
  RollupRepair rollups_;
  Sealer sealer_;
  RecentDb recent_;
  RemovalWork removal_work_;
  proto::Gauge& waiting_;
  proto::Gauge& bytes_;
  proto::Counter& letters_dropped_;

  std::set<std::uint64_t> sealed_;                 // generations that only wait for their checkpoint
  std::map<std::string, std::string> complaints_;  // by step: what was said last
  bool damage_met_ = false;                        // a step met a damaged database; the day files are to be checked
  bool cleaned_up_ = false;
  std::int64_t retained_on_ = INT64_MIN;    // day
  bool days_changed_ = true;                // since close_days looked at them
  std::int64_t closed_before_ = INT64_MIN;  // days before it were over when close_days looked
  std::atomic<std::uint64_t> damaged_ = 0;
  std::atomic<std::uint64_t> sealed_upto_ = 0;  // generation, of the segments begun since the start
  std::atomic<bool> sealing_fails_ = false;
  bool any_begun_ = false;  // the writer's
  std::chrono::steady_clock::time_point last_recent_;
  std::chrono::steady_clock::time_point last_measure_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable sealed_one_;
  bool work_waiting_ = true;
  proto::LogPosition checkpoint_;
  std::jthread thread_;  // last: starts when all else is there
};

}  // namespace telltale::store
