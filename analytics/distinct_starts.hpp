#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "analytics/log_clock.hpp"

namespace telltale::analytics {

/// The start that goes into an alert's id (design: id = hash of identity + start). Normally the alert's own; where an
/// identity starts no later than it did before (twice in one millisecond, old readings, a clock set back), the next
/// millisecond that it has not used. So an identity never has the same start, and no alert the same id, twice.
/// Threads: one. Memory: bounded; of the identities that are dropped the newest start counts for all.
class DistinctStarts {
 public:
  explicit DistinctStarts(std::size_t most = 65'536) : most_(most) {}

  /// Cost: O(log n); O(n) when the oldest half is dropped.
  [[nodiscard]] Timestamp take(std::uint64_t identity, Timestamp started);
  [[nodiscard]] std::size_t remembered() const noexcept { return last_.size(); }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  void drop_oldest_half();

  std::size_t most_;
  std::map<std::uint64_t, Timestamp> last_;  // by identity; ordered, so that equal states have equal bytes
  Timestamp dropped_{-end_of_time};          // newest start of those that were dropped
};

}  // namespace telltale::analytics
