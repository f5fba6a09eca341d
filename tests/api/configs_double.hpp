#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "proto/device_configs.hpp"
#include "store/state_db.hpp"

namespace telltale::test {

/// Writes into the state.db that the archive reads. Versions go on from 8; devices have reported 6.
class ConfigsDouble final : public proto::DeviceConfigs {
 public:
  explicit ConfigsDouble(const std::unique_ptr<store::StateDb>& state) : state_(state) {}

  [[nodiscard]] std::int64_t next_version(const std::string& topic) override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(rival_, false)) state_->topic_changed({.topic = topic, .payload = R"({"version":99})"});
    return next_++;
  }
  void retain(proto::ConfigChange change, std::function<void(proto::ConfigOutcome)> told) override {
    std::function<void()> device;
    auto outcome = proto::ConfigOutcome::stored;
    {
      const std::lock_guard lock(mutex_);
      const bool first = !change.instead_of || state_->topic(change.topic)->payload == *change.instead_of;
      outcome = !first ? proto::ConfigOutcome::overtaken : outcome_;
      if (outcome == proto::ConfigOutcome::stored) {
        state_->topic_changed({.topic = std::move(change.topic), .payload = std::move(change.payload)});
      }
      device = device_;
    }
    told(outcome);
    if (device) device();
  }
  [[nodiscard]] std::optional<std::int64_t> reported(const std::string&) const override { return 6; }

  void answer_with(proto::ConfigOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = outcome;
  }
  /// Somebody else's configuration is stored while the next version is given.
  void let_another_come_first() {
    const std::lock_guard lock(mutex_);
    rival_ = true;
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
  proto::ConfigOutcome outcome_ = proto::ConfigOutcome::stored;
  bool rival_ = false;
  std::function<void()> device_;
};

}  // namespace telltale::test
