#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::devices {

struct Message {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  friend bool operator==(const Message&, const Message&) = default;
};

struct WireEvent {
  enum class Kind : std::uint8_t {
    opened,     // CONNACK
    lost,       // the connection ended, or could not be made
    delivered,  // QoS 1: PUBACK for `ticket`; QoS 0: handed to the socket
    failed,     // `ticket` was not delivered
    arrived,    // `message`, for one of the subscribed topic filters
  };
  Kind kind;
  std::uint64_t ticket = 0;
  Message message = {};
  std::string reason = {};  // of `lost`, when the connection could not be made
  friend bool operator==(const WireEvent&, const WireEvent&) = default;
};

/// One device's MQTT connection; the seam at which tests replace the network.
/// Threads: used by one thread; nothing blocks on the network. What happened is collected with take_events().
class Wire {
 public:
  virtual ~Wire() = default;
  /// Starts connecting; ends in `opened` or `lost`. A will without topic is none.
  virtual void open(const Message& will) = 0;
  /// False when not connected: nothing was sent and no event follows.
  [[nodiscard]] virtual bool send(const Message& message, std::uint64_t ticket) = 0;
  /// Asks for what is published to these topic filters, at QoS 1, on this connection. Nothing happens when there is
  /// none.
  virtual void subscribe(const std::vector<std::string>& filters) = 0;
  /// DISCONNECT behind what was sent: the broker sends no will. No event follows.
  virtual void close() = 0;
  /// The connection dies under the device: no DISCONNECT, so the broker sends the will.
  virtual void cut() = 0;
  [[nodiscard]] virtual std::vector<WireEvent> take_events() = 0;
  /// Until something happens, or has since the last wait(); at most `timeout`. Spurious returns are possible.
  virtual void wait(Millis timeout) = 0;
};

}  // namespace telltale::devices
