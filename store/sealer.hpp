#pragma once

#include <cstdint>
#include <filesystem>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/chunk_codec.hpp"
#include "store/day_close.hpp"
#include "store/directory_builder.hpp"
#include "store/log_recovery.hpp"
#include "store/retention.hpp"

namespace telltale::store {

/// Turns a finished segment into chunks of day files and rows of the catalog; rolls closed days up again that got late
/// readings. May be killed anywhere and repeated: each day file says itself which generations it holds.
/// Threads: the seal thread's. Memory: about 30 bytes per reading of the segment. Errors: StoreFailure.
class Sealer {
 public:
  Sealer(std::filesystem::path folder, Catalog& catalog, DayClose& close, const RetentionPolicy& retention,
         const Clock& clock, proto::Logger& log);

  struct Outcome {
    std::uint64_t dropped_letters = 0;  // dead letters that had to go
    std::uint64_t damaged = 0;          // places of the segment, newly quarantined
  };
  Outcome seal(const SegmentInfo& segment, std::uint64_t dead_letter_bytes);

 private:
  struct Contents;
  std::uint64_t read(const SegmentInfo& segment, Contents& contents);
  void cut(Contents& contents) const;
  void write_day(Contents& contents, std::size_t begin, std::size_t end, std::uint64_t generation);
  [[nodiscard]] const RetentionClass& class_of(proto::SeriesId series) const;

  std::filesystem::path folder_;
  Catalog& catalog_;
  DayClose& close_;
  const RetentionPolicy& retention_;
  const Clock& clock_;
  proto::Logger& log_;
  DirectoryBuilder directory_;  // names for the day files
  ChunkPoints scratch_;
};

}  // namespace telltale::store
