#pragma once

#include "proto/clock.hpp"

namespace telltale::app {

/// The machine's clocks. Threads: safe from any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override;
};

}  // namespace telltale::app
