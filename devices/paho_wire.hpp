#pragma once

#include <memory>
#include <string>

#include "devices/broker_url.hpp"
#include "devices/wire.hpp"

namespace telltale::devices {

class Cables;

struct PahoWireOptions {
  BrokerUrl broker;
  Credentials credentials;
  std::string client_id;
  int keepalive_s = 15;
  Cables* cables = nullptr;  // to be able to cut(); null: cut() is not called
};

/// A Wire on an Eclipse Paho asynchronous client (MQTT 3.1.1, clean session, no persistence).
/// Threads: as Wire. Paho C serves all clients of a process with two threads of its own, however many there are.
class PahoWire final : public Wire {
 public:
  explicit PahoWire(PahoWireOptions options);
  ~PahoWire() override;

  void open(const Message& will) override;
  [[nodiscard]] bool send(const Message& message, std::uint64_t ticket) override;
  void subscribe(const std::vector<std::string>& filters) override;
  void close() override;
  void cut() override;
  [[nodiscard]] std::vector<WireEvent> take_events() override;
  void wait(Millis timeout) override;
  /// Nothing is under way: a close() has reached the broker, or there is no connection.
  [[nodiscard]] bool idle() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::devices
