#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "notify/channel.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::notify {

/// Tells people about alerts: reads the notices of state.db, owns notify.db, sends by libcurl.
/// A receiver that is slow or dead delays nobody: no other channel, no alert on MQTT, no reading.
/// Threads: start() runs an own thread. wake(), reload() from any.
class Notifications {
 public:
  /// `folder` has state.db, made by StateDb before. `taken_over`: see StateDb::notices_taken. Throws StoreFailure.
  Notifications(NotifyOptions options, const std::filesystem::path& folder, const Clock& clock, proto::Logger& log,
                proto::Metrics& metrics, std::function<void(std::uint64_t)> taken_over);
  ~Notifications();

  void start();
  /// There are new notices.
  void wake();
  void reload(NotifyOptions options);
  /// Takes over what is there and gives running transfers `grace`; the next start goes on with what is left.
  void stop(Millis grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::notify
