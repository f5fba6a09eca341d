#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "proto/publisher.hpp"

namespace telltale::broker {

struct PublisherOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file, cert_file, key_file;  // PEM; "" = system CA / none
  std::string username, password;
  std::string client_id = "telltale";  // of the ingest session; ours is {client_id}-pub
  std::string instance = "telltale";   // service/{instance}/status
  std::string nonce;                   // part of the status; see IngestOptions
  std::string version;
  std::uint16_t keepalive_s = 15;
  std::size_t max_in_flight = 1000;  // messages given to send() and neither delivered nor failed
  Millis backoff_min{500};
  Millis backoff_max{30'000};
};

/// Publishes by Eclipse Paho MQTT C++ (MQTT 5, clean start, no persistence), with our birth and will, retained, on
/// service/{instance}/status. Reconnects for ever with back-off and full jitter.
/// Threads: send() from one thread, publish() from any; all handlers are called on one thread of this object.
/// Errors:  network errors are said once each in the log; a message that did not arrive is told by `failed`.
/// Loss:    QoS 0 as MQTT has it; QoS 1 is delivered, or `failed` is called for it.
/// Cost:    send() does not block on the network; it may wait for Paho's own lock.
class PahoPublisher final : public proto::Publisher, public proto::Messenger {
 public:
  PahoPublisher(PublisherOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics);
  ~PahoPublisher() override;

  /// Handlers and filters are to be set before start().
  void set_handlers(Handlers handlers) override;
  /// Uses service/{instance}/retained-end for its own end marker.
  void watch_retained(std::vector<std::string> filters) override;
  void start();

  [[nodiscard]] bool send(const proto::Outgoing& message, std::uint64_t token) override;
  [[nodiscard]] bool publish(const proto::Outgoing& message, std::function<void(bool)> done) override;
  [[nodiscard]] bool connected() const override;

  /// What the retained status says behind us. `silent`: another instance speaks under our name by now.
  enum class Farewell : std::uint8_t { offline, silent };
  /// Waits for what is in flight, says farewell, disconnects, each for 2 s and all of them until `deadline` at most;
  /// ends the thread. No handler is called later.
  void stop(Farewell farewell = Farewell::offline,
            std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::broker
