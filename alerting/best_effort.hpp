#pragma once

#include <cstdint>

#include "alerting/sent.hpp"
#include "proto/publisher.hpp"

namespace telltale::alerting {

/// Sends what nobody misses when it is lost: aggregates, rollups, errors. Not sent while there is no connection or
/// the publisher has enough to do; never repeated. Threads: alerting's; outcome() also on the publisher's.
class BestEffort {
 public:
  BestEffort(proto::Publisher& publisher, SentCounters& sent) : publisher_(publisher), sent_(sent) {}

  void send(const proto::Outgoing& message) {
    const proto::TopicClass output = class_of(message.topic);
    const std::uint64_t token = make_token(TokenKind::best_effort, static_cast<std::uint64_t>(output));
    if (!publisher_.send(message, token)) sent_.count(output, SendResult::dropped);
  }
  /// Precondition: kind_of(token) is best_effort. The token names the class; which message it was does not matter.
  static void outcome(std::uint64_t token, SendResult result, SentCounters& sent) {
    sent.count(static_cast<proto::TopicClass>(number_of(token)), result);
  }

 private:
  proto::Publisher& publisher_;
  SentCounters& sent_;
};

}  // namespace telltale::alerting
