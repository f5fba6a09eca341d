#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace telltale::api {

/// What one client of a stream is still to be sent; texts are shared between clients.
/// Threads: any. Bound: `most_bytes`; a client that is further behind is ended, so that it notices.
class EventStream {
 public:
  explicit EventStream(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// False when it has ended, or ends by this: it is too far behind.
  bool push(std::shared_ptr<const std::string> text);
  /// The oldest texts, at least one and up to about `most` bytes; "" when there are none.
  [[nodiscard]] std::string take(std::size_t most);
  void end();
  [[nodiscard]] bool ended() const;
  /// Called, on any thread, when there is something to take after there was nothing, and at the end. Called at once
  /// when that has happened before.
  void on_news(std::function<void()> tell);

 private:
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> waiting_;
  std::size_t bytes_ = 0;
  bool ended_ = false;
  std::function<void()> tell_;
};

}  // namespace telltale::api
