#pragma once

#include <cstdint>
#include <memory>

#include "app/config.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"

namespace telltale::app {

/// The running service: builds the rooms' objects, wires them, stops them in order. Decides nothing itself.
/// Threads: all members from the main thread.
class Service {
 public:
  /// Opens the data folder and listens. Throws StoreFailure, ConfigError or std::runtime_error.
  Service(Config config, const Clock& clock, proto::Logger& log);
  ~Service();

  void start();
  /// Rules, mappings and limits of the decoder, atomically, without touching any state or the MQTT session, except
  /// that topic filters which came or went are subscribed or unsubscribed. The certificate of HTTP is read anew.
  /// Throws ConfigErrors when that cannot be used; then nothing was changed.
  void reload(Config fresh);
  /// The new file cannot be used: the old configuration stays; metric and alert say so.
  void reload_failed(const ConfigErrors& errors);
  /// To be called a few times a second: when another instance has taken our place at the broker, our publisher falls
  /// silent as well, instead of both throwing each other out for ever. Returns how many turns ingest has made so far,
  /// which grows a few times a second unless it hangs.
  std::uint64_t tend();
  /// Drains, syncs, acknowledges, disconnects, delivers what the outbox holds (for a while), says offline.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::app
