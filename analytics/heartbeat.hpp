#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"

namespace telltale::analytics {

inline constexpr std::int64_t longest_heartbeat_s = 31 * 24 * 3600;

/// Learns how far apart the messages of a device are: of every 20 gaps the second longest (one outage does not count),
/// falling by at most half from one twenty to the next. Gaps under a second are one message in pieces.
class GapLearner {
 public:
  void gap(Millis length) noexcept {
    const auto s = std::min(length.count() / 1000, longest_heartbeat_s);
    if (s < 1) return;
    const auto seconds = static_cast<std::uint32_t>(s);
    if (seconds > longest_) {
      second_ = longest_;
      longest_ = seconds;
    } else {
      second_ = std::max(second_, seconds);
    }
    if (++gaps_ < 20) return;
    learned_ = std::max(second_, learned_ / 2);
    gaps_ = 0;
    longest_ = second_ = 0;
  }
  /// Seconds; 0 while fewer than 20 gaps were seen.
  [[nodiscard]] std::int64_t learned_s() const noexcept { return learned_; }

  void encode(proto::ByteWriter& out) const {
    for (const auto v : {longest_, second_, learned_, gaps_}) out.varint(v);
  }
  void decode(proto::ByteReader& in) {
    for (auto* v : {&longest_, &second_, &learned_, &gaps_})
      *v = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(in.varint(), static_cast<std::uint64_t>(longest_heartbeat_s)));
  }

 private:
  std::uint32_t longest_ = 0;
  std::uint32_t second_ = 0;
  std::uint32_t learned_ = 0;
  std::uint32_t gaps_ = 0;
};

/// Contracts 4.
[[nodiscard]] constexpr Millis stale_after(Millis period) noexcept { return std::max(Millis{15'000}, period * 3 / 2); }
[[nodiscard]] constexpr Millis offline_after(Millis period) noexcept { return std::max(Millis{30'000}, period * 3); }

}  // namespace telltale::analytics
