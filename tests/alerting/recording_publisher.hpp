#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/publisher.hpp"
#include "proto/topic_filter.hpp"

namespace telltale::test {

/// A publisher and its broker in one: keeps what reached the broker, acknowledges when told to (or at once), and
/// loses its connection when told to. Safe from any thread.
class RecordingPublisher final : public proto::Publisher {
 public:
  struct Sent {
    proto::Outgoing message;
    std::uint64_t token;
  };

  /// Acknowledge each message as it comes.
  bool at_once = false;
  /// Messages under way before send() answers no.
  std::size_t capacity = SIZE_MAX;

  void set_handlers(Handlers handlers) override {
    const std::lock_guard lock(mutex_);
    handlers_ = std::move(handlers);
  }
  void watch_retained(std::vector<std::string> filters) override {
    const std::lock_guard lock(mutex_);
    filters_ = std::move(filters);
  }
  [[nodiscard]] bool connected() const override {
    const std::lock_guard lock(mutex_);
    return connected_;
  }
  [[nodiscard]] bool send(const proto::Outgoing& message, std::uint64_t token) override {
    Handlers handlers;
    {
      const std::lock_guard lock(mutex_);
      if (!connected_ || under_way_.size() >= capacity) return false;
      if (!at_once) {
        under_way_.push_back({message, token});
        return true;
      }
      reaches_broker(message);
      handlers = handlers_;
    }
    if (handlers.delivered) handlers.delivered(token);
    return true;
  }

  void connect() {
    Handlers handlers;
    std::vector<std::string> filters;
    std::map<std::string, std::string> retained;
    {
      const std::lock_guard lock(mutex_);
      connected_ = true;
      handlers = handlers_;
      filters = filters_;
      retained = retained_;
    }
    handlers.connected();
    for (const auto& [topic, payload] : retained) {
      const auto wanted = [&](const std::string& filter) { return proto::filter_matches(filter, topic); };
      if (std::any_of(filters.begin(), filters.end(), wanted)) handlers.retained(topic, payload);
    }
    handlers.retained_complete();
  }
  /// Connected, and nobody was told: the test says itself what the broker tells, and when.
  void connect_silently() {
    const std::lock_guard lock(mutex_);
    connected_ = true;
  }
  void lose_silently() {
    const std::lock_guard lock(mutex_);
    connected_ = false;
    under_way_.clear();
  }
  void acknowledge_silently(std::size_t count) {
    const std::lock_guard lock(mutex_);
    for (; count > 0 && !under_way_.empty(); --count) {
      reaches_broker(under_way_.front().message);
      under_way_.pop_front();
    }
  }
  /// The first `reached` of the messages under way are with the broker, their acknowledgements are lost.
  void disconnect(std::size_t reached = 0) {
    Handlers handlers;
    std::deque<Sent> lost;
    {
      const std::lock_guard lock(mutex_);
      connected_ = false;
      handlers = handlers_;
      lost.swap(under_way_);
      for (std::size_t i = 0; i < std::min(reached, lost.size()); ++i) reaches_broker(lost[i].message);
    }
    for (const auto& sent : lost) handlers.failed(sent.token);
    handlers.disconnected();
  }
  /// The broker acknowledges the oldest messages under way.
  void acknowledge(std::size_t count) {
    for (; count > 0; --count) {
      std::optional<Sent> sent;
      Handlers handlers;
      {
        const std::lock_guard lock(mutex_);
        if (under_way_.empty()) return;
        sent = std::move(under_way_.front());
        under_way_.pop_front();
        reaches_broker(sent->message);
        handlers = handlers_;
      }
      handlers.delivered(sent->token);
    }
  }
  /// The broker refuses the oldest message under way, the connection stays.
  void refuse_oldest() {
    Handlers handlers;
    std::uint64_t token;
    {
      const std::lock_guard lock(mutex_);
      token = under_way_.front().token;
      under_way_.pop_front();
      handlers = handlers_;
    }
    handlers.failed(token);
  }

  [[nodiscard]] std::deque<Sent> under_way() const {
    const std::lock_guard lock(mutex_);
    return under_way_;
  }
  /// Everything that reached the broker, in order.
  [[nodiscard]] std::vector<proto::Outgoing> wire() const {
    const std::lock_guard lock(mutex_);
    return wire_;
  }
  void clear_wire() {
    const std::lock_guard lock(mutex_);
    wire_.clear();
  }
  [[nodiscard]] std::map<std::string, std::string> retained() const {
    const std::lock_guard lock(mutex_);
    return retained_;
  }
  /// The broker was restored from another snapshot.
  void set_retained(std::map<std::string, std::string> retained) {
    const std::lock_guard lock(mutex_);
    retained_ = std::move(retained);
  }
  [[nodiscard]] std::vector<std::string> filters() const {
    const std::lock_guard lock(mutex_);
    return filters_;
  }

 private:
  void reaches_broker(const proto::Outgoing& message) {
    wire_.push_back(message);
    if (message.retain) retained_[message.topic] = message.payload;
  }

  mutable std::mutex mutex_;
  Handlers handlers_;
  std::vector<std::string> filters_;
  bool connected_ = false;
  std::deque<Sent> under_way_;
  std::vector<proto::Outgoing> wire_;
  std::map<std::string, std::string> retained_;
};

}  // namespace telltale::test
