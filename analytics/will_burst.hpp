#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "analytics/log_clock.hpp"

namespace telltale::analytics {

/// Tells the wills of a dying broker from the wills of dying devices: a broker that is stopped publishes the will of
/// every connected client at once and drops our link (field lesson 26; Mosquitto on SIGTERM). Keeps the wills of the
/// last five seconds.
class WillBurst {
 public:
  struct Will {
    std::uint32_t device;
    Instant at;
  };

  void add(Will will);
  /// Devices whose kept wills lie in some second that holds at least `enough` wills of different devices.
  [[nodiscard]] std::vector<std::uint32_t> in_bursts(std::size_t enough, Instant now);
  /// Wills within one second before the newest, itself included. Cost: O(1).
  [[nodiscard]] std::size_t in_last_second() const noexcept { return in_last_second_; }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in);

 private:
  void forget_before(Instant t);
  void count_last_second();

  std::deque<Will> wills_;          // by time
  std::size_t in_last_second_ = 0;  // of those, within one second of the newest
};

}  // namespace telltale::analytics
