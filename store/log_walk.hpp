#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "proto/batch.hpp"
#include "store/segment.hpp"

namespace telltale::store {

/// Every batch that a data folder still has, oldest first: log/archive/ (store.archive_log), then log/.
/// Without a service beside it. Errors: StoreFailure for I/O errors; damaged records are stepped over.
class LogWalk {
 public:
  explicit LogWalk(const std::filesystem::path& folder);

  /// Null at the end.
  [[nodiscard]] std::shared_ptr<const proto::Batch> next();

 private:
  std::vector<SegmentFile> segments_;
  std::size_t at_ = 0;
  std::optional<SegmentScanner> scanner_;
  // A batch whose sync failed was written again, under the same number and id, to the next segment: that copy counts.
  std::optional<std::uint64_t> next_first_;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace telltale::store
