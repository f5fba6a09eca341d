#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "analytics/engine.hpp"

namespace telltale::alerting {

/// What others of the service ask the engine, which the alerting thread owns.
/// Threads: post() from any, answer() from the one that owns the engine.
class Questions {
 public:
  static constexpr std::size_t most_waiting = 1000;

  /// Null: the engine is still behind, in the log of an earlier run, or too many wait. Must not block.
  using Question = std::function<void(const analytics::Engine*)>;

  void post(Question question) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < most_waiting) return waiting_.push_back(std::move(question));
    }
    question(nullptr);
  }
  void answer(const analytics::Engine* engine) {
    for (const auto& question : take()) question(engine);
  }

 private:
  [[nodiscard]] std::vector<Question> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }
  std::mutex mutex_;
  std::vector<Question> waiting_;
};

}  // namespace telltale::alerting
