#include "alerting/best_effort.hpp"

#include <string>
#include <utility>

#include "alerting/output_class.hpp"
#include "alerting/token.hpp"

namespace telltale::alerting {

namespace {
std::size_t bytes_of(const proto::Outgoing& message) {
  return sizeof message + message.topic.size() + message.payload.size();
}
}  // namespace

BestEffort::BestEffort(proto::Publisher& publisher, proto::Metrics& metrics, std::size_t max_bytes)
    : publisher_(publisher), max_bytes_(max_bytes) {
  using proto::TopicClass;
  for (const TopicClass sent : {TopicClass::aggregates, TopicClass::rollup, TopicClass::errors}) {
    dropped_[static_cast<std::size_t>(sent)] =
        &metrics.counter("telltale_mqtt_messages_published_total", "Messages given to the publisher",
                         {{"class", std::string(to_string(sent))}, {"result", "dropped"}});
  }
}

void BestEffort::drop(const proto::Outgoing& message) noexcept {
  dropped_[static_cast<std::size_t>(class_of(message.topic))]->add();
}

bool BestEffort::give(const proto::Outgoing& message) {
  return publisher_.send(message, make_token(TokenKind::best_effort, 0));  // nobody asks what became of it
}

void BestEffort::send(proto::Outgoing message) {
  if (waiting_.empty() && give(message)) return;
  const std::size_t bytes = bytes_of(message);
  if (!publisher_.connected() || waiting_bytes_ + bytes > max_bytes_) return drop(message);
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(message));
}

void BestEffort::pump() {
  if (waiting_.empty()) return;
  const bool connected = publisher_.connected();
  while (!waiting_.empty()) {
    if (!connected) {
      drop(waiting_.front());
    } else if (!give(waiting_.front())) {
      return;
    }
    waiting_bytes_ -= bytes_of(waiting_.front());
    waiting_.pop_front();
  }
}

}  // namespace telltale::alerting
