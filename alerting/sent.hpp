#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/metrics.hpp"
#include "proto/topic.hpp"

namespace telltale::alerting {

/// The class of a topic that we built, with or without tenant level. Precondition: it is one of ours.
[[nodiscard]] proto::TopicClass class_of(std::string_view topic) noexcept;

/// delivered: acknowledged by the broker (QoS 0: handed to the socket). failed: it may be sent again.
/// dropped: best effort, the publisher took no more.
enum class SendResult : std::uint8_t { delivered, failed, dropped };

/// telltale_mqtt_messages_published_total{class,result}. Threads: any.
class SentCounters {
 public:
  explicit SentCounters(proto::Metrics& metrics);
  void count(proto::TopicClass output, SendResult result) noexcept {
    counters_[static_cast<std::size_t>(output)][static_cast<std::size_t>(result)]->add();
  }

 private:
  std::array<std::array<proto::Counter*, 3>, static_cast<std::size_t>(proto::TopicClass::control_reply) + 1>
      counters_{};  // of the classes that we send
};

/// What a publisher's token stands for; the rest of its bits number the messages of that kind.
enum class TokenKind : std::uint8_t { event, topic, best_effort };
[[nodiscard]] constexpr std::uint64_t make_token(TokenKind kind, std::uint64_t number) noexcept {
  return static_cast<std::uint64_t>(kind) << 56 | number;
}
[[nodiscard]] constexpr TokenKind kind_of(std::uint64_t token) noexcept { return static_cast<TokenKind>(token >> 56); }
[[nodiscard]] constexpr std::uint64_t number_of(std::uint64_t token) noexcept { return token & ((1ull << 56) - 1); }

}  // namespace telltale::alerting
