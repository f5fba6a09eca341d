#include "analytics/distinct_starts.hpp"

#include <algorithm>
#include <vector>

namespace telltale::analytics {

Timestamp DistinctStarts::take(std::uint64_t identity, Timestamp started) {
  const auto found = last_.find(identity);
  const Timestamp used = found == last_.end() ? dropped_ : found->second;
  const Timestamp start = std::max(std::min(started, Timestamp{end_of_time}), used + Millis{1});
  if (found != last_.end()) {
    found->second = start;
    return start;
  }
  if (last_.size() >= most_) drop_oldest_half();
  last_.emplace(identity, start);
  return start;
}

void DistinctStarts::drop_oldest_half() {
  std::vector<Timestamp> starts;
  starts.reserve(last_.size());
  for (const auto& [identity, start] : last_) starts.push_back(start);
  const auto middle = starts.begin() + static_cast<std::ptrdiff_t>(starts.size() / 2);
  std::nth_element(starts.begin(), middle, starts.end());
  dropped_ = std::max(dropped_, *middle);
  std::erase_if(last_, [this](const auto& entry) { return entry.second <= dropped_; });
}

void DistinctStarts::encode(proto::ByteWriter& out) const {
  put(out, dropped_);
  out.varint(last_.size());
  for (const auto& [identity, start] : last_) {
    out.u64(identity);
    put(out, start);
  }
}

bool DistinctStarts::decode(proto::ByteReader& in) {
  dropped_ = get_timestamp(in);
  const auto entries = in.varint();
  if (entries > in.remaining() || entries > most_) return false;
  for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
    const auto identity = in.u64();
    if (!last_.emplace(identity, get_timestamp(in)).second) return false;
  }
  return in.ok();
}

}  // namespace telltale::analytics
