#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerting/delivery.hpp"
#include "alerting/mailbox.hpp"
#include "store/state_db.hpp"
#include "tests/alerting/recording_publisher.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::test {

/// Delivery with a real state.db and a publisher that the test holds in its hands.
class DeliveryBench {
 public:
  explicit DeliveryBench(std::size_t window) : window_(window) {
    publisher.set_handlers({.connected = [this] { mailbox->post(alerting::LinkUp{}); },
                            .disconnected = [this] { mailbox->post(alerting::LinkLost{}); },
                            .delivered = [this](std::uint64_t token) { mailbox->post(alerting::Delivered{token}); },
                            .failed = [this](std::uint64_t token) { mailbox->post(alerting::NotDelivered{token}); },
                            .retained =
                                [this](std::string topic, std::string payload) {
                                  mailbox->post(alerting::RetainedCopy{std::move(topic), std::move(payload)});
                                },
                            .retained_complete = [this] { mailbox->post(alerting::RetainedComplete{}); }});
    publisher.watch_retained({"alert-state/#", "presence/#", "config/#"});
    restart();
  }

  /// A new process over the same state.db.
  void restart() {
    delivery.reset();
    mailbox.emplace();
    state.reset();
    state.emplace(folder.path() / "state.db");
    delivery = std::make_unique<alerting::Delivery>(*state, publisher, *mailbox, clock, log, window_);
  }

  void queue_events(const std::vector<std::string>& payloads) {
    store::StateDb::Change change;
    for (const auto& payload : payloads) change.events.push_back({.row = 0, .topic = "alerts/x", .payload = payload});
    state->apply(change);
    delivery->queued();
  }
  void set_topic(const std::string& topic, const std::string& payload) {
    state->topic_changed({.topic = topic, .payload = payload});
    delivery->queued();
  }

  void run() {
    delivery->handle(mailbox->take());
    delivery->pump();
  }
  void acknowledge_all() {
    while (!publisher.under_way().empty()) {
      publisher.acknowledge(publisher.under_way().size());
      run();
    }
  }
  [[nodiscard]] std::vector<std::string> wire(const std::string& topic_prefix) const {
    std::vector<std::string> payloads;
    for (const auto& message : publisher.wire()) {
      if (message.topic.starts_with(topic_prefix)) payloads.push_back(message.payload);
    }
    return payloads;
  }

  TemporaryFolder folder;
  SimulatedClock clock;
  RecordingLogger log;
  std::optional<alerting::Mailbox> mailbox;
  RecordingPublisher publisher;
  std::optional<store::StateDb> state;
  std::unique_ptr<alerting::Delivery> delivery;

 private:
  std::size_t window_;
};

}  // namespace telltale::test
