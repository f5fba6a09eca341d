#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace telltale::test {

/// True as soon as `condition()` is; false when it did not become so within `deadline`.
/// For what another process or thread does: the condition is the test, the deadline only ends a hopeless wait.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition, std::chrono::milliseconds deadline = std::chrono::seconds{15}) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace telltale::test
