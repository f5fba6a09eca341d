#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace telltale::devices {

/// Network cables that can be cut. Paho has no way to end a connection without DISCONNECT, as a crash or a lost
/// radio link does, so devices with such faults connect through a relay on the loopback, and the relay ends both
/// sides when told.
/// Threads: one own thread relays for all cables; members may be called from any thread.
/// Errors:  the constructor and lay() throw std::runtime_error. Cost: one extra copy per byte.
class Cables {
 public:
  /// To this broker. The host is resolved once.
  Cables(const std::string& host, std::uint16_t port);
  ~Cables();

  /// A new cable; connect to 127.0.0.1 at the returned port.
  [[nodiscard]] std::uint16_t lay();
  /// Ends every connection through this cable. New ones may be made at once.
  void cut(std::uint16_t port);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::devices
