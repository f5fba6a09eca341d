#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/device_configs.hpp"

namespace telltale::alerting {

// What the publisher told us, in the order it happened.
struct LinkUp {};
struct LinkLost {};
struct Delivered {
  std::uint64_t token;
};
struct NotDelivered {
  std::uint64_t token;
};
struct RetainedCopy {
  std::string topic, payload;
};
struct RetainedComplete {};
// What others of the service ask of the alerting thread, which owns state.db.
struct Retain {
  proto::ConfigChange change;
  std::function<void(proto::ConfigOutcome)> told;
};
struct NoteFact {
  std::string key;
  std::function<std::string()> value;  // asked when it is written: the newest
  std::function<void()> lost;          // it could not be written
};
using PublisherNews =
    std::variant<LinkUp, LinkLost, Delivered, NotDelivered, RetainedCopy, RetainedComplete, Retain, NoteFact>;

/// To the alerting thread, mostly from the publisher's.
/// Bound: what one connection has under way (window), the broker's retained copies, and what others ask at a time: a
///        few changes of configurations, one fact for each device.
/// Threads: post() from any, the rest from one.
class Mailbox {
 public:
  void post(PublisherNews news) {
    {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<LinkLost>(news)) losses_.fetch_add(1, std::memory_order_release);
      news_.push_back(std::move(news));
    }
    arrived_.notify_one();
  }
  [[nodiscard]] std::vector<PublisherNews> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, {});
  }
  /// Waits until there is news or the time is over.
  void wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, timeout, [this] { return !news_.empty(); });
  }
  /// Connections lost so far, including those whose news was not taken yet.
  [[nodiscard]] std::uint64_t losses() const noexcept { return losses_.load(std::memory_order_acquire); }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<PublisherNews> news_;
  std::atomic<std::uint64_t> losses_{0};
};

}  // namespace telltale::alerting
