#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "proto/decoder.hpp"
#include "proto/rule.hpp"

namespace telltale::api {

/// What the configuration says that is in force. Threads: any.
template <class T>
class InForce {
 public:
  void set(std::shared_ptr<const T> fresh) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(fresh);
  }
  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_ = std::make_shared<T>();
};

using RulesInForce = InForce<proto::RuleSet>;
/// As ingest decodes: mappings in the order of the file, zone, limits.
using DecodingInForce = InForce<proto::DecoderOptions>;

}  // namespace telltale::api
