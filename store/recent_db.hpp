#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "store/directory_builder.hpp"
#include "store/feed.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// recent.db: the last hours as plain rows, for people with sqlite3 or a dashboard's SQLite plugin. A copy: it may be
/// deleted at any time and is filled again from the store.
/// Threads: the seal thread's. Cost: bounded work per tick; pauses while readings arrive faster than `max_rate`.
class RecentDb {
 public:
  struct Limits {
    std::uint64_t max_rate;  // readings per second
    std::int64_t hours;
  };
  RecentDb(std::filesystem::path folder, Feed& feed, const Clock& clock, proto::Logger& log, Limits limits);
  ~RecentDb();

  /// Copies what arrived since the last tick, `elapsed` ago. Errors: DatabaseError; a later tick goes on from what the
  /// file says that it has.
  void tick(Millis elapsed);
  /// Deletes and overwrites all rows of some series, if there is a recent.db, even one that is not kept any more.
  void forget(const std::vector<proto::SeriesId>& series);

 private:
  void open();
  void follow(Millis elapsed);
  void open_file();
  void erase(const std::vector<proto::SeriesId>& series);
  void start_filling(std::int64_t from_ms);
  bool too_fast(Millis elapsed);
  void copy(const proto::Batch& batch, std::int64_t oldest_ms);
  void put_names(const proto::Event& event);
  void put_series(proto::SeriesId id);
  void fill_some();
  void prune_some(std::int64_t oldest_ms);

  std::filesystem::path folder_;
  Feed& feed_;
  const Clock& clock_;
  proto::Logger& log_;
  Limits limits_;

  struct Open;
  std::unique_ptr<Open> open_;
  Feed::Cursor cursor_;
  proto::LogPosition position_;
  DirectoryBuilder names_;
  double rate_ = 0;             // readings per second, smoothed
  std::uint64_t readings_ = 0;  // published, at the last tick
  bool paused_ = false;
  std::vector<proto::SeriesId> to_fill_;  // series whose older rows still come from the store
  std::int64_t fill_from_ms_ = 0;
  proto::SeriesId pruned_ = proto::SeriesId::none;
};

}  // namespace telltale::store
