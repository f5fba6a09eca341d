#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "api/channel_desk.hpp"
#include "api/in_force.hpp"
#include "notify/channel.hpp"

namespace telltale::app {

/// Test messages by the configured channels, as `telltale notify-test` sends them, one at a time on a thread of their
/// own, within 8 s.
class ChannelTrials final : public api::ChannelDesk {
 public:
  explicit ChannelTrials(const Clock& clock) : clock_(clock) {}

  /// In force from now on.
  void use(notify::NotifyOptions options);
  [[nodiscard]] std::vector<api::ChannelFacts> channels(const std::string& tenant) const override;
  [[nodiscard]] std::optional<Refusal> test(const std::string& tenant, const std::string& name,
                                            std::function<void(Tried)> done) override;

 private:
  const Clock& clock_;
  api::InForce<notify::NotifyOptions> options_;
  std::atomic<bool> busy_ = false;
  std::mutex starting_;
  std::jthread thread_;
};

}  // namespace telltale::app
