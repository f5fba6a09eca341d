#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "proto/batch.hpp"
#include "proto/clock.hpp"
#include "store/log_recovery.hpp"
#include "store/segment.hpp"

namespace telltale::store {

/// What the log holds, for those who follow it: a bounded memory of the newest batches, and the list of segments for
/// everything older. Threads: any; one Cursor per thread.
class Feed {
 public:
  struct Limits {
    std::size_t batches = 4096;
    std::size_t bytes = 48u << 20;
  };
  explicit Feed(Limits limits) : limits_(limits) {}

  /// Where one follower stands in the segment files; empty while it is served from memory.
  class Cursor {
    friend class Feed;
    std::optional<SegmentScanner> scanner_;
    std::uint64_t generation_ = 0;
    std::uint64_t sequence_ = 0;  // of the last batch taken from the file
  };
  struct Next {
    std::shared_ptr<const proto::Batch> batch;  // null: timeout
    bool gap_before = false;
  };

  /// The segments before it get no more batches.
  void add_segment(SegmentInfo segment);
  void publish(std::shared_ptr<const proto::Batch> batch);
  void remove_segment(std::uint64_t generation);

  [[nodiscard]] Next next(Cursor& cursor, proto::LogPosition after, Millis timeout);

  /// Of the newest batch; {0, 0} when there is none.
  [[nodiscard]] proto::LogPosition end() const;
  [[nodiscard]] std::vector<SegmentInfo> segments() const;
  [[nodiscard]] std::size_t depth() const;       // batches in memory
  [[nodiscard]] std::uint64_t readings() const;  // published since the start

 private:
  struct Wanted {
    std::shared_ptr<const proto::Batch> batch;  // in memory
    std::optional<SegmentInfo> segment;         // or in this file
    bool gap = false;
  };
  Wanted find(proto::LogPosition after) const;
  static std::shared_ptr<const proto::Batch> read(Cursor& cursor, const SegmentInfo& segment, std::uint64_t after);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable published_;
  std::deque<std::shared_ptr<const proto::Batch>> recent_;  // consecutive
  std::size_t recent_bytes_ = 0;
  std::uint64_t readings_ = 0;
  std::deque<SegmentInfo> segments_;  // by generation
};

}  // namespace telltale::store
