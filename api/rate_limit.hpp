#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace telltale::api {

/// One token bucket for each key: `per_second` requests on the long run, twice that at once.
/// Threads: one at a time. Memory: at most `most_buckets`; then those that are full again go, else the one used last
/// the longest ago.
class RateLimit {
 public:
  static constexpr std::size_t most_buckets = 10'000;
  using Time = std::chrono::steady_clock::time_point;
  /// 0: no limit.
  explicit RateLimit(double per_second) : per_second_(per_second) {}

  /// Takes one token; else when there will be one.
  [[nodiscard]] std::optional<std::chrono::seconds> wait(std::string_view key, Time now);

 private:
  struct Bucket {
    double tokens;
    Time filled;
  };
  void make_room(Time now);
  [[nodiscard]] double most() const;

  double per_second_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace telltale::api
