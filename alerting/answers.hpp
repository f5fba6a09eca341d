#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "proto/alert.hpp"

namespace telltale::alerting {

/// Where those who gave an order wait for what analytics answered. An order of the desk is alone in its batch, so the
/// batch's number names its answer. Threads: any. Bound: answers are kept only while somebody waits.
class Answers {
 public:
  /// From before the order is logged until its answer was taken.
  class Waiting {
   public:
    explicit Waiting(Answers& answers) : answers_(answers) { answers_.begin(); }
    ~Waiting() { answers_.end(); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    /// The answer of batch `sequence`; nothing when it did not come within `timeout`.
    [[nodiscard]] std::optional<proto::ControlReply> take(std::uint64_t sequence, std::chrono::milliseconds timeout) {
      return answers_.take(sequence, timeout);
    }

   private:
    Answers& answers_;
  };

  void put(std::uint64_t sequence, const proto::ControlReply& reply) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_ == 0) return;
      answers_.insert_or_assign(sequence, reply);
    }
    arrived_.notify_all();
  }

 private:
  void begin() {
    const std::lock_guard lock(mutex_);
    ++waiting_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (--waiting_ == 0) answers_.clear();
  }
  std::optional<proto::ControlReply> take(std::uint64_t sequence, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, timeout, [&] { return answers_.contains(sequence); })) return std::nullopt;
    const auto found = answers_.find(sequence);
    std::optional<proto::ControlReply> reply = found->second;
    answers_.erase(found);
    return reply;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::uint64_t, proto::ControlReply> answers_;
  std::size_t waiting_ = 0;
};

}  // namespace telltale::alerting
