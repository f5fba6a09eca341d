#include "store/feed.hpp"

#include <algorithm>
#include <utility>

#include "store/batch_codec.hpp"

namespace telltale::store {

namespace {

std::size_t bytes_of(const proto::Batch& batch) {
  return sizeof batch + batch.readings.capacity() * sizeof(proto::Reading) + batch.text.capacity() +
         batch.events.capacity() * 2 * sizeof(proto::PlacedEvent) +
         batch.packets.capacity() * sizeof(proto::PacketRecord);
}

}  // namespace

void Feed::add_segment(SegmentInfo segment) {
  const std::lock_guard lock(mutex_);
  if (!segments_.empty()) segments_.back().finished = true;
  segments_.push_back(std::move(segment));
}

void Feed::publish(std::shared_ptr<const proto::Batch> batch) {
  {
    const std::lock_guard lock(mutex_);
    segments_.back().last_sequence = batch->position.sequence;
    segments_.back().readings += batch->readings.size();
    readings_ += batch->readings.size();
    recent_bytes_ += bytes_of(*batch);
    recent_.push_back(std::move(batch));
    while (recent_.size() > 1 && (recent_.size() > limits_.batches || recent_bytes_ > limits_.bytes)) {
      recent_bytes_ -= bytes_of(*recent_.front());
      recent_.pop_front();
    }
  }
  published_.notify_all();
}

void Feed::remove_segment(std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  std::erase_if(segments_, [=](const SegmentInfo& s) { return s.generation == generation; });
}

proto::LogPosition Feed::end() const {
  const std::lock_guard lock(mutex_);
  for (auto s = segments_.rbegin(); s != segments_.rend(); ++s)
    if (!s->empty()) return {s->generation, s->last_sequence};
  return {};
}

std::vector<SegmentInfo> Feed::segments() const {
  const std::lock_guard lock(mutex_);
  return {segments_.begin(), segments_.end()};
}

std::uint64_t Feed::readings() const {
  const std::lock_guard lock(mutex_);
  return readings_;
}

std::size_t Feed::depth() const {
  const std::lock_guard lock(mutex_);
  return recent_.size();
}

/// Called with the lock held. Nothing found and no gap: there is no batch behind `after` yet.
Feed::Wanted Feed::find(proto::LogPosition after) const {
  const auto filled = [](const SegmentInfo& s) { return !s.empty(); };
  const auto oldest = std::find_if(segments_.begin(), segments_.end(), filled);
  if (oldest == segments_.end()) return {};
  const auto newest = std::find_if(segments_.rbegin(), segments_.rend(), filled);
  if (after == proto::LogPosition{newest->generation, newest->last_sequence}) return {};

  // The first segment with a batch behind `after`; a damaged batch leaves a hole in the numbers and is no gap.
  const auto holder = std::find_if(oldest, segments_.end(),
                                   [&](const auto& s) { return !s.empty() && s.last_sequence > after.sequence; });
  const bool outside = holder == segments_.end() || holder->generation < after.generation ||
                       (holder == oldest && holder->first_sequence > after.sequence + 1);
  const auto& segment = outside ? *oldest : *holder;
  const auto behind = outside ? 0 : after.sequence;
  if (!recent_.empty() && recent_.front()->position.sequence <= std::max(behind + 1, segment.first_sequence)) {
    const auto at = std::partition_point(recent_.begin(), recent_.end(),
                                         [=](const auto& b) { return b->position.sequence <= behind; });
    if (at != recent_.end()) return {*at, {}, outside};
  }
  return {nullptr, segment, outside};
}

std::shared_ptr<const proto::Batch> Feed::read(Cursor& cursor, const SegmentInfo& segment, std::uint64_t after) {
  if (!cursor.scanner_ || cursor.generation_ != segment.generation || cursor.sequence_ > after) {
    cursor.scanner_ = SegmentScanner::open(segment.path);
    cursor.generation_ = segment.generation;
    cursor.sequence_ = 0;
  }
  if (!cursor.scanner_) return nullptr;
  BatchHead head;
  while (const auto payload = cursor.scanner_->next()) {
    if (!decode_head(*payload, head)) continue;
    if (head.sequence > segment.last_sequence) break;
    cursor.sequence_ = head.sequence;
    if (head.sequence <= after || segment.repeated.contains(head.sequence)) continue;
    auto batch = std::make_shared<proto::Batch>();
    if (!decode_batch(*payload, *batch)) continue;
    batch->position.generation = segment.generation;
    return batch;
  }
  cursor.scanner_.reset();
  return nullptr;
}

Feed::Next Feed::next(Cursor& cursor, proto::LogPosition after, Millis timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  bool gap = false;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto wanted = find(after);
    gap = gap || wanted.gap;
    if (wanted.batch) {
      cursor.scanner_.reset();
      return {wanted.batch, gap};
    }
    if (wanted.segment) {
      lock.unlock();
      if (auto batch = read(cursor, *wanted.segment, wanted.gap ? 0 : after.sequence)) return {std::move(batch), gap};
      // Unlinked or damaged since: go on behind it.
      gap = true;
      after = {wanted.segment->generation, wanted.segment->last_sequence};
      lock.lock();
      continue;
    }
    if (published_.wait_until(lock, deadline) == std::cv_status::timeout && !find(after).batch) return {nullptr, false};
  }
}

}  // namespace telltale::store
