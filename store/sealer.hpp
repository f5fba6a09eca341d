#pragma once

#include <cstdint>
#include <filesystem>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/directory_builder.hpp"
#include "store/log_recovery.hpp"

namespace telltale::store {

/// Turns a finished segment into chunks of day files and rows of the catalog. May be killed anywhere and repeated: each
/// day file says itself which generations it holds.
/// Threads: the seal thread's. Memory: about 30 bytes per reading of the segment. Errors: StoreFailure.
class Sealer {
 public:
  Sealer(std::filesystem::path folder, Catalog& catalog, const Clock& clock, proto::Logger& log);

  struct Limits {
    std::int64_t oldest_day;  // readings of earlier days have outlived their retention
    std::uint64_t dead_letter_bytes;
  };
  /// Returns how many dead letters had to go.
  std::uint64_t seal(const SegmentInfo& segment, const Limits& limits);

  /// Unlinks day files that end before `oldest_day`. Returns how many.
  std::size_t drop_days_before(std::int64_t oldest_day);

 private:
  struct Contents;
  void read(const SegmentInfo& segment, Contents& contents);
  void write_day(Contents& contents, std::size_t begin, std::size_t end, std::uint64_t generation);

  std::filesystem::path folder_;
  Catalog& catalog_;
  const Clock& clock_;
  proto::Logger& log_;
  DirectoryBuilder directory_;  // names for the day files
};

}  // namespace telltale::store
