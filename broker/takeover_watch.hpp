#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "proto/clock.hpp"

namespace telltale::broker {

/// Decides whether another instance has taken our place: our connection was closed without a reason, and the
/// service status carries the nonce of a foreign instance that came online after we started. An older one is what an
/// earlier run of ours left behind (a broker restored from its snapshot shows such).
/// Threads: one. Without an own nonce it never says yes.
class TakeoverWatch {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  /// A close counts this long: the newcomer's status may come after its session has thrown us out.
  static constexpr std::chrono::seconds memory{60};

  TakeoverWatch(std::string nonce, Timestamp started) : nonce_(std::move(nonce)), started_(started) {}

  enum class Copy { live, retained };
  /// A message on service/{instance}/status.
  void status_seen(std::string_view payload, Copy copy);
  void closed_without_reason(Steady now) {
    closed_at_ = now;
    closed_ = true;
  }
  [[nodiscard]] bool taken_over(Steady now) const { return foreign_online_ && closed_ && now - closed_at_ <= memory; }

 private:
  std::string nonce_;
  Timestamp started_;
  bool foreign_online_ = false;
  bool closed_ = false;
  Steady closed_at_{};
};

}  // namespace telltale::broker
