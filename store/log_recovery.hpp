#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "store/disk.hpp"
#include "store/segment.hpp"

namespace telltale::store {

/// A segment as the service knows it.
struct SegmentInfo {
  std::uint64_t generation = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;  // of the last batch that counts; first - 1 = none
  std::uint64_t readings = 0;
  bool finished = false;  // gets no more batches
  std::filesystem::path path;
  std::set<std::uint64_t> repeated;  // batches whose id an earlier record had already
  [[nodiscard]] bool empty() const noexcept { return last_sequence < first_sequence; }
};

struct RecoveredLog {
  std::vector<SegmentInfo> segments;  // those that hold batches, by generation
  std::uint64_t next_sequence = 1;
  std::uint64_t batches = 0, readings = 0;
  std::uint64_t damaged = 0;  // places, newly quarantined
};

/// Walks the whole log: cuts torn tails, copies damaged bytes to log/quarantine/ (once), removes segments without
/// batches, syncs what it keeps, and gives every batch that counts to `visit`, in order. Errors: StoreFailure.
[[nodiscard]] RecoveredLog recover_log(const std::filesystem::path& log_folder, Disk& disk, proto::Logger& log,
                                       const std::function<void(const proto::Batch&)>& visit);

/// Copies the bytes of damaged places to log/quarantine/. Returns how many were not there yet.
std::uint64_t quarantine(const std::filesystem::path& log_folder, std::uint64_t generation, SegmentScanner& scanner,
                         const std::vector<SegmentScanner::Place>& places, Disk& disk, proto::Logger& log);

}  // namespace telltale::store
