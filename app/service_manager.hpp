#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/log.hpp"

namespace telltale::app {

/// Tells the service manager that started us how we are: the protocol of sd_notify(3), one datagram a message.
/// Does nothing where none asked for it.
/// Threads: main only. Errors: what cannot be sent is said once in the log; the manager acts on silence itself.
class ServiceManager {
 public:
  struct Options {
    std::string socket;                                 // a path, or @name for an abstract one; "" = nobody asks
    std::optional<std::chrono::microseconds> watchdog;  // silence after which we are killed
  };
  /// $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. Throws ConfigError for values that are none.
  [[nodiscard]] static Options from_environment();

  /// Throws ConfigError when the address cannot be used, std::runtime_error when there is no socket to be had.
  ServiceManager(Options options, const Clock& clock, proto::Logger& log);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void ready();
  void reloading();
  void stopping();
  /// To be called a few times a second. `turns` grows as long as ingest goes on; where it stands still the watchdog is
  /// not fed.
  void tend(std::uint64_t turns);

 private:
  void send(std::string_view message);

  Options options_;
  const Clock& clock_;
  proto::Logger& log_;
  int socket_ = -1;
  bool told_ = false;  // that a message could not be sent
  std::optional<std::uint64_t> last_turns_;
  std::optional<std::chrono::steady_clock::time_point> fed_;
};

}  // namespace telltale::app
