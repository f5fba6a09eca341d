#pragma once

#include <string>
#include <utility>
#include <vector>

#include "devices/wire.hpp"

namespace telltale::devices::test {

/// A broker that answers at once, or not at all.
class FakeWire final : public Wire {
 public:
  bool reachable = true;
  bool acknowledging = true;
  std::vector<Message> sent;            // over all connections
  std::vector<Message> wills;           // one per open()
  std::vector<std::string> subscribed;  // on the last connection
  int cuts = 0, closes = 0;

  void open(const Message& will) override {
    wills.push_back(will);
    open_ = reachable;
    events_.push_back({reachable ? WireEvent::Kind::opened : WireEvent::Kind::lost, 0});
  }
  [[nodiscard]] bool send(const Message& message, std::uint64_t ticket) override {
    if (!open_) return false;
    sent.push_back(message);
    if (acknowledging) events_.push_back({WireEvent::Kind::delivered, ticket});
    return true;
  }
  void subscribe(const std::vector<std::string>& filters) override { subscribed = filters; }
  void close() override {
    open_ = false;
    ++closes;
  }
  void cut() override {
    ++cuts;
    lose();
  }
  [[nodiscard]] std::vector<WireEvent> take_events() override { return std::exchange(events_, {}); }
  void wait(Millis) override {}

  void bring(const std::string& topic, const std::string& payload) {
    events_.push_back({WireEvent::Kind::arrived, 0, {topic, payload, 1, false}});
  }
  void lose() {
    if (std::exchange(open_, false)) events_.push_back({WireEvent::Kind::lost, 0});
  }
  [[nodiscard]] std::vector<std::string> payloads(const std::string& topic) const {
    std::vector<std::string> found;
    for (const auto& message : sent) {
      if (message.topic == topic) found.push_back(message.payload);
    }
    return found;
  }

 private:
  bool open_ = false;
  std::vector<WireEvent> events_;
};

}  // namespace telltale::devices::test
