#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/mqtt5_encode.hpp"

namespace telltale::test {

/// A second MQTT 5 session over a blocking socket, clean start, for traffic. Throws std::runtime_error when the broker
/// does not do as it is told within 20 s. Threads: one.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const std::string& client_id = "traffic");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// QoS 1: returns when the broker has acknowledged it.
  void publish(std::string_view topic, std::string_view payload, std::uint8_t qos = 1, bool retain = false);
  /// `count` QoS 1 messages with payloads prefix0, prefix1, …; returns when all are acknowledged.
  void publish_many(std::string_view topic, std::string_view prefix, std::size_t count);
  /// Closes the socket without DISCONNECT.
  void vanish();

 private:
  void send_all(std::string_view bytes);
  void read_exactly(char* into, std::size_t n);
  void expect_packet(std::uint8_t type);

  int fd_ = -1;
};

}  // namespace telltale::test
