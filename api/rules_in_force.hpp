#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "proto/rule.hpp"

namespace telltale::api {

/// The rule set of the configuration that is in force. Threads: any.
class RulesInForce {
 public:
  void set(std::shared_ptr<const proto::RuleSet> rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
  }
  [[nodiscard]] std::shared_ptr<const proto::RuleSet> get() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const proto::RuleSet> rules_ = std::make_shared<proto::RuleSet>();
};

}  // namespace telltale::api
