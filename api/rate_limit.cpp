#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace telltale::api {

double RateLimit::most() const { return std::max(1.0, 2 * per_second_); }

void RateLimit::make_room(Time now) {
  std::erase_if(buckets_, [&](const auto& bucket) {
    const std::chrono::duration<double> since = now - bucket.second.filled;
    return bucket.second.tokens + since.count() * per_second_ >= most();
  });
  if (buckets_.size() < most_buckets) return;
  const auto older = [](const auto& a, const auto& b) { return a.second.filled < b.second.filled; };
  buckets_.erase(std::ranges::min_element(buckets_, older));
}

std::optional<std::chrono::seconds> RateLimit::wait(std::string_view key, Time now) {
  if (per_second_ <= 0) return std::nullopt;
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= most_buckets) make_room(now);
    found = buckets_.emplace(key, Bucket{most(), now}).first;
  }
  auto& [tokens, filled] = found->second;
  const std::chrono::duration<double> since = now - filled;
  tokens = std::min(most(), tokens + since.count() * per_second_);
  filled = now;
  if (tokens >= 1) {
    tokens -= 1;
    return std::nullopt;
  }
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil((1 - tokens) / per_second_))};
}

}  // namespace telltale::api
