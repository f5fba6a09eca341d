#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "proto/publisher.hpp"

namespace telltale::test {

/// A publisher whose broker has every message at once; or never, or after a while.
class MessengerDouble final : public proto::Messenger {
 public:
  using Done = std::function<void(bool)>;

  [[nodiscard]] bool publish(const proto::Outgoing& message, Done done) override {
    std::function<void(const proto::Outgoing&)> device;
    {
      const std::lock_guard lock(mutex_);
      if (!connected_) return false;
      sent_.push_back(message);
      if (holds_) {
        held_.push_back(std::move(done));
        return true;
      }
      device = device_;
    }
    done(delivers_);
    if (device) device(message);
    return true;
  }

  /// Gets every message from now on.
  void attach(std::function<void(const proto::Outgoing&)> device) {
    const std::lock_guard lock(mutex_);
    device_ = std::move(device);
  }
  void disconnect() {
    const std::lock_guard lock(mutex_);
    connected_ = false;
  }
  void lose_messages() {
    const std::lock_guard lock(mutex_);
    delivers_ = false;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
  }
  /// The broker has what was held.
  void release() {
    std::vector<Done> held;
    {
      const std::lock_guard lock(mutex_);
      holds_ = false;
      held.swap(held_);
    }
    for (const auto& done : held) done(true);
  }
  [[nodiscard]] std::vector<proto::Outgoing> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<proto::Outgoing> sent_;
  std::vector<Done> held_;
  std::function<void(const proto::Outgoing&)> device_;
  bool connected_ = true, delivers_ = true, holds_ = false;
};

}  // namespace telltale::test
