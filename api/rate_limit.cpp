#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace telltale::api {

std::optional<std::chrono::seconds> RateLimit::wait(std::string_view key, Time now) {
  if (per_second_ <= 0) return std::nullopt;
  const double most = std::max(1.0, 2 * per_second_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) found = buckets_.emplace(key, Bucket{most, now}).first;
  auto& [tokens, filled] = found->second;
  const std::chrono::duration<double> since = now - filled;
  tokens = std::min(most, tokens + since.count() * per_second_);
  filled = now;
  if (tokens >= 1) {
    tokens -= 1;
    return std::nullopt;
  }
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil((1 - tokens) / per_second_))};
}

}  // namespace telltale::api
