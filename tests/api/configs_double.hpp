#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "proto/device_configs.hpp"
#include "store/state_db.hpp"

namespace telltale::test {

/// Writes into the state.db that the archive reads. Versions go on from 8; devices have reported 6.
class ConfigsDouble final : public proto::DeviceConfigs {
 public:
  explicit ConfigsDouble(const std::unique_ptr<store::StateDb>& state) : state_(state) {}

  [[nodiscard]] std::int64_t next_version(const std::string&) override {
    const std::lock_guard lock(mutex_);
    return next_++;
  }
  void retain(std::string topic, std::string payload, std::function<void(bool)> stored) override {
    std::function<void()> device;
    {
      const std::lock_guard lock(mutex_);
      if (writes_) state_->topic_changed({.topic = std::move(topic), .payload = std::move(payload)});
      device = device_;
    }
    stored(writes_);
    if (device) device();
  }
  [[nodiscard]] std::optional<std::int64_t> reported(const std::string&) const override { return 6; }

  void fail_to_write() {
    const std::lock_guard lock(mutex_);
    writes_ = false;
  }
  /// Called behind every change from now on.
  void attach(std::function<void()> device) {
    const std::lock_guard lock(mutex_);
    device_ = std::move(device);
  }

 private:
  const std::unique_ptr<store::StateDb>& state_;
  std::mutex mutex_;
  std::int64_t next_ = 8;
  bool writes_ = true;
  std::function<void()> device_;
};

}  // namespace telltale::test
