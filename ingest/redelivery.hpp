#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/event.hpp"

namespace telltale::ingest {

/// 64-bit hash of a message's topic and payload. Stable: it is stored in the log.
[[nodiscard]] std::uint64_t message_hash(std::string_view topic, std::string_view payload) noexcept;

/// Recognises messages that the broker sends again after a reconnect (MQTT 5, 4.4): DUP=1 alone says nothing
/// (lesson 19), but the same packet id with the same content as the newest message taken under that id on an earlier
/// connection of the same session is a repetition. A broker cannot reuse a packet id before it is acknowledged,
/// so one record per packet id is enough.
/// Threads: the writer's. Cost: O(1), no allocation.
class Redelivery {
 public:
  explicit Redelivery(std::size_t receive_maximum);

  /// Records found in the log at start, oldest first.
  void restore(const std::vector<proto::PacketRecord>& records);
  /// Connection `epoch` begins. Without a session on the broker nothing can be repeated.
  void connected(std::uint32_t epoch, bool session_present);

  struct Taken {
    bool repetition;
    proto::PacketRecord record;  // goes into the batch in either case
  };
  [[nodiscard]] Taken take(std::uint16_t packet_id, bool dup, std::uint64_t hash);

  /// The newest receive_maximum records, oldest first: what each segment starts with.
  [[nodiscard]] proto::RedeliveryTable snapshot() const;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint64_t order = 0;  // 0 = empty
    std::uint32_t epoch = 0;
  };
  std::size_t receive_maximum_;
  std::vector<Slot> slots_;
  std::uint64_t order_ = 0;
  std::uint32_t epoch_ = 0;
  bool session_present_ = false;
};

}  // namespace telltale::ingest
