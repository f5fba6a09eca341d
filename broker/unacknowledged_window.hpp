#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace telltale::broker {

/// The messages of one connection that were handed on and are not yet acknowledged, in arrival order. PUBACKs leave
/// in that order (4.6, MQTT-4.6.0-2), so a message of our own (marker, status) waits for the ones before it.
/// Threads: one. Cost: O(1) per message.
class UnacknowledgedWindow {
 public:
  enum class Owner : std::uint8_t { receiver, session };

  struct Limits {
    std::size_t messages;
    std::uint64_t bytes;
  };
  explicit UnacknowledgedWindow(Limits limits) : limits_(limits) {}

  /// packet_id 0: QoS 0, leaves no PUBACK.
  void arrived(std::uint16_t packet_id, std::uint32_t bytes, Owner owner);
  /// The receiver has made its next `count` messages durable: appends the PUBACKs that may go out now.
  void acknowledge(std::size_t count, std::string& out);
  void clear();

  [[nodiscard]] bool full() const noexcept { return entries_.size() >= limits_.messages || bytes_ >= limits_.bytes; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    std::uint32_t bytes;
    std::uint16_t packet_id;
    Owner owner;
  };
  Limits limits_;
  std::deque<Entry> entries_;
  std::uint64_t bytes_ = 0;
};

}  // namespace telltale::broker
