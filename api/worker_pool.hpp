#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace telltale::api {

/// A few threads that take jobs in order.
/// Threads: submit() from any thread, the rest from one. Jobs must not throw.
/// Bound:   at most `waiting` jobs wait; more are refused, so that the client hears of it at once.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t waiting);
  ~WorkerPool() { stop(); }

  [[nodiscard]] bool submit(std::function<void()> job);
  /// Lets jobs under way end and drops those that wait. Idempotent.
  void stop();

 private:
  void work();

  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace telltale::api
