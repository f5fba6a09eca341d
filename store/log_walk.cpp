#include "store/log_walk.hpp"

#include <algorithm>

#include "store/batch_codec.hpp"

namespace telltale::store {

LogWalk::LogWalk(const std::filesystem::path& folder) {
  for (const auto& place : {folder / "log" / "archive", folder / "log"}) {
    if (!std::filesystem::is_directory(place)) continue;
    const auto found = list_segments(place);
    segments_.insert(segments_.end(), found.begin(), found.end());
  }
  std::stable_sort(segments_.begin(), segments_.end(),
                   [](const SegmentFile& a, const SegmentFile& b) { return a.generation < b.generation; });
}

std::shared_ptr<const proto::Batch> LogWalk::next() {
  while (at_ < segments_.size()) {
    if (!scanner_) {
      scanner_ = SegmentScanner::open(segments_[at_].path);
      next_first_ = at_ + 1 < segments_.size() ? first_sequence(segments_[at_ + 1].path) : std::nullopt;
    }
    if (scanner_) {
      while (const auto payload = scanner_->next()) {
        auto batch = std::make_shared<proto::Batch>();
        if (!decode_batch(*payload, *batch)) continue;
        if (next_first_ && batch->position.sequence >= *next_first_) continue;
        if (!seen_.insert(batch->id).second) continue;
        batch->position.generation = segments_[at_].generation;
        return batch;
      }
    }
    scanner_.reset();
    ++at_;
  }
  return nullptr;
}

}  // namespace telltale::store
