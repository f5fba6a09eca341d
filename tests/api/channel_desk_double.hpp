#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "api/channel_desk.hpp"

namespace telltale::test {

/// acme has the channel `ops`, which takes every test at once; rival has `theirs`.
class ChannelDeskDouble final : public api::ChannelDesk {
 public:
  [[nodiscard]] std::vector<api::ChannelFacts> channels(const std::string& tenant) const override {
    api::ChannelFacts facts{tenant == "acme" ? "ops" : "theirs", "webhook", "https://hooks.example"};
    facts.severities = {proto::Severity::critical};
    facts.device = "press-*";
    facts.group_wait = Millis{10'000};
    facts.repeat = Millis{14'400'000};
    facts.rate_limit = 20;
    return {facts};
  }
  [[nodiscard]] std::optional<Refusal> test(const std::string& tenant, const std::string& name,
                                            std::function<void(Tried)> done) override {
    if (channels(tenant).front().name != name) return Refusal::unknown;
    const std::lock_guard lock(mutex_);
    if (refuses_) return refuses_;
    done(tried_);
    return std::nullopt;
  }

  void answer_with(Tried tried) {
    const std::lock_guard lock(mutex_);
    tried_ = std::move(tried);
  }
  void refuse(Refusal why) {
    const std::lock_guard lock(mutex_);
    refuses_ = why;
  }

 private:
  std::mutex mutex_;
  Tried tried_{true, "200 OK", 0.25};
  std::optional<Refusal> refuses_;
};

}  // namespace telltale::test
