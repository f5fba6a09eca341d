#include "app/system_clock.hpp"

namespace telltale::app {

Timestamp SystemClock::now() const { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }

std::chrono::steady_clock::time_point SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

}  // namespace telltale::app
