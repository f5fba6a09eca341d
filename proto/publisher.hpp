#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::proto {

struct Outgoing {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  std::optional<std::uint32_t> expiry_s;  // MQTT 5 message expiry interval
};

/// Sends derived messages. Implemented by broker::PahoPublisher, and by a recording double in tests.
/// Threads: send() from one thread; handlers are called on the publisher's own thread and must not block.
class Publisher {
 public:
  struct Handlers {
    std::function<void()> connected;  // after every successful connect
    std::function<void()> disconnected;
    std::function<void(std::uint64_t token)> delivered;  // QoS 0: handed to the socket; QoS 1: PUBACK arrived
    std::function<void(std::uint64_t token)> failed;     // not sent, or the connection went before the PUBACK
    /// The broker's retained copy of one of the topic filters given to watch_retained (empty payload: none kept).
    std::function<void(std::string topic, std::string payload)> retained;
    std::function<void()> retained_complete;  // all retained copies were delivered
  };
  virtual ~Publisher() = default;
  virtual void set_handlers(Handlers handlers) = 0;
  /// Asynchronous. False when not connected or too much is under way (nothing was sent; no handler will be called).
  [[nodiscard]] virtual bool send(const Outgoing& message, std::uint64_t token) = 0;
  /// Topic filters whose retained copies are read after every connect (subscribe, collect, unsubscribe).
  virtual void watch_retained(std::vector<std::string> filters) = 0;
  [[nodiscard]] virtual bool connected() const = 0;
};

/// Sends single messages for whoever has one, beside what the Publisher's owner sends.
/// Threads: any.
class Messenger {
 public:
  virtual ~Messenger() = default;
  /// QoS 1: `done` is told on the publisher's thread whether the broker has the message; it must not block. False:
  /// there is no connection, or too much is under way; nothing was sent, and `done` is not called.
  [[nodiscard]] virtual bool publish(const Outgoing& message, std::function<void(bool delivered)> done) = 0;
};

}  // namespace telltale::proto
