#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "alerting/best_effort.hpp"
#include "alerting/payload.hpp"
#include "proto/batch.hpp"
#include "proto/clock.hpp"
#include "store/directory.hpp"

namespace telltale::alerting {

/// Tells a device's owner on errors/… why a message was refused: best effort, at most `per_second` for all devices
/// together, only for devices that are known (a topic that names nobody could be anything). An order of an operator
/// that is no device's is told on errors/-/-.
/// Threads: alerting's. Cost: a few dozen bytes a device.
class Refusals {
 public:
  Refusals(const store::Directory& known, BestEffort& out, const Clock& clock, proto::Tenancy tenancy,
           std::size_t per_second);

  /// Learns the batch's new devices.
  void learn(const proto::Batch& batch);
  /// Reports the batch's dead letters.
  void report(const proto::Batch& batch);

 private:
  void learn(proto::DeviceKey key, const std::string& tenant, const std::string& site, const std::string& device);
  [[nodiscard]] std::optional<DeviceName> name(proto::DeviceKey key) const;
  [[nodiscard]] bool within_rate();

  BestEffort& out_;
  const Clock& clock_;
  const proto::Tenancy tenancy_;
  const std::size_t per_second_;
  std::vector<std::string> names_;  // by key: tenant/site/device, "" = not known
  std::chrono::steady_clock::time_point second_start_;
  std::size_t in_this_second_ = 0;
};

}  // namespace telltale::alerting
