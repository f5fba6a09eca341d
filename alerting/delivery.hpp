#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "alerting/mailbox.hpp"
#include "alerting/retained_compare.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/publisher.hpp"
#include "store/state_db.hpp"

namespace telltale::alerting {

/// Sends what state.db holds.
///   Events:       in order, at least once, the bytes of state.db; at most `window` sent and not yet forgotten.
///                 After a lost connection everything undelivered is sent again from the oldest on.
///   Table topics: newest wins, one in flight per topic; after a connect those that the broker's retained copies
///                 contradict are sent again.
/// Threads: alerting's. Errors: what cannot be written to state.db is written later; at worst it is sent again.
/// Cost:    pump() is O(1) while there is nothing to send; one sync per handle() with deliveries in it.
class Delivery {
 public:
  Delivery(store::StateDb& state, proto::Publisher& publisher, const Mailbox& mailbox, const Clock& clock,
           proto::Logger& log, std::size_t window);

  /// There is something new in state.db.
  void queued() noexcept { more_events_ = more_topics_ = true; }
  void handle(std::vector<PublisherNews> news);
  void pump();

  /// Everything was sent and acknowledged.
  [[nodiscard]] bool empty() const noexcept;
  /// News or room for more may come any moment.
  [[nodiscard]] bool busy() const noexcept { return connected_ && !empty(); }

 private:
  struct EventUnderWay {
    std::uint64_t row, number;
    bool acknowledged = false;
  };
  struct TopicUnderWay {
    std::string topic;
    std::uint64_t version;
  };

  void on(const LinkUp&);
  void on(const LinkLost&);
  void on(const Delivered& news);
  void on(const NotDelivered& news);
  void on(RetainedCopy& news) { compare_.copy(news.topic, news.payload); }
  void on(const RetainedComplete&);
  void on(const Retain& order);
  void on(NoteFact& fact) { facts_.push_back(std::move(fact)); }
  void write_facts();
  void forget_under_way();
  [[nodiscard]] EventUnderWay* event_under_way(std::uint64_t number);
  void record();
  void pump_events();
  void pump_topics();
  [[nodiscard]] bool may_send() const;
  [[nodiscard]] bool send(const proto::Outgoing& message, std::uint64_t token);

  store::StateDb& state_;
  proto::Publisher& publisher_;
  const Mailbox& mailbox_;
  const Clock& clock_;
  proto::Logger& log_;
  const std::size_t window_;
  RetainedCompare compare_;
  std::vector<NoteFact> facts_;  // not written yet

  bool connected_;
  std::uint64_t losses_ = 0;  // connections lost, as far as handled
  std::optional<std::chrono::steady_clock::time_point> pause_until_;
  bool refusal_said_ = false;

  std::deque<EventUnderWay> events_;  // ascending in row and number
  std::uint64_t next_event_ = 1;
  std::uint64_t sent_row_ = 0;  // newest row that is under way or was delivered
  std::uint64_t delivered_row_ = 0, recorded_row_ = 0;
  std::unordered_map<std::uint64_t, TopicUnderWay> topics_;  // by token number
  std::unordered_set<std::string> topics_under_way_;         // until their delivery is recorded
  std::uint64_t next_topic_ = 1;
  std::vector<TopicUnderWay> delivered_topics_;  // not recorded yet
  bool more_events_ = true, more_topics_ = true;
  bool record_failing_ = false, facts_failing_ = false;
};

}  // namespace telltale::alerting
