#include "alerting/delivery.hpp"

#include <algorithm>
#include <utility>

#include "alerting/token.hpp"
#include "store/error.hpp"
#include "store/fail_point.hpp"

namespace telltale::alerting {

namespace {
// A message that was refused while the connection lives is refused again most likely: not at full speed.
constexpr std::chrono::seconds pause_after_failure{1};

std::optional<std::uint32_t> expiry(std::uint32_t seconds) {
  return seconds == 0 ? std::nullopt : std::optional(seconds);
}
}  // namespace

Delivery::Delivery(store::StateDb& state, proto::Publisher& publisher, const Mailbox& mailbox, const Clock& clock,
                   proto::Logger& log, std::size_t window)
    : state_(state),
      publisher_(publisher),
      mailbox_(mailbox),
      clock_(clock),
      log_(log),
      window_(window),
      compare_(state),
      connected_(publisher.connected()) {}

void Delivery::handle(std::vector<PublisherNews> news) {
  for (PublisherNews& item : news) {
    try {
      std::visit([this](auto& known) { on(known); }, item);
    } catch (const store::StoreFailure& failure) {
      log_.error("alerting", std::string("retained copies cannot be compared: ") + failure.what());
    }
  }
  write_facts();
  record();
}

void Delivery::on(const LinkUp&) {
  forget_under_way();
  connected_ = true;
  pause_until_.reset();
  refusal_said_ = false;
  compare_.begin();
}

void Delivery::on(const LinkLost&) {
  ++losses_;
  connected_ = false;
  forget_under_way();
}

/// What was under way is sent again from the oldest on; its tokens mean nothing any more.
void Delivery::forget_under_way() {
  events_.clear();
  sent_row_ = delivered_row_;
  topics_.clear();
  topics_under_way_.clear();
  queued();
}

Delivery::EventUnderWay* Delivery::event_under_way(std::uint64_t number) {
  const auto at = std::lower_bound(events_.begin(), events_.end(), number,
                                   [](const EventUnderWay& event, std::uint64_t n) { return event.number < n; });
  return at == events_.end() || at->number != number ? nullptr : &*at;
}

void Delivery::on(const Delivered& news) {
  const std::uint64_t number = number_of(news.token);
  if (kind_of(news.token) == TokenKind::event) {
    EventUnderWay* event = event_under_way(number);
    if (event == nullptr) return;
    event->acknowledged = true;
    while (!events_.empty() && events_.front().acknowledged) {
      delivered_row_ = events_.front().row;
      events_.pop_front();
    }
  } else if (auto topic = topics_.extract(number)) {
    delivered_topics_.push_back(std::move(topic.mapped()));
  }
}

void Delivery::on(const NotDelivered& news) {
  const std::uint64_t number = number_of(news.token);
  if (kind_of(news.token) == TokenKind::event) {
    const EventUnderWay* event = event_under_way(number);
    if (event == nullptr) return;
    // Those behind it go again too, so that the last copies of all are in order.
    while (events_.back().number > number) events_.pop_back();
    events_.pop_back();
    sent_row_ = events_.empty() ? delivered_row_ : events_.back().row;
  } else if (const auto topic = topics_.extract(number)) {
    topics_under_way_.erase(topic.mapped().topic);
  } else {
    return;
  }
  queued();
  pause_until_ = clock_.steady_now() + pause_after_failure;
}

void Delivery::on(const RetainedComplete&) {
  const auto differences = compare_.finish();
  if (differences.empty()) return;
  log_.info("alerting", "retained copies that the broker lacks or has wrong: " +
                            std::to_string(differences.stale.size() + differences.orphaned.size()) + "; sent again");
  state_.together([&] {
    for (const auto& topic : differences.stale) state_.topic_stale(topic);
    for (const auto& topic : differences.orphaned)
      if (!state_.topic(topic.topic)) state_.topic_changed(topic);  // else it is ours again since
  });
  more_topics_ = true;
}

void Delivery::on(const Retain& order) {
  const auto& change = order.change;
  try {
    if (change.instead_of) {
      const auto now = state_.topic(change.topic);
      if (!now || now->payload != *change.instead_of) return order.told(proto::ConfigOutcome::overtaken);
    }
    state_.topic_changed(
        {.topic = change.topic, .payload = change.payload, .remove_after_send = change.payload.empty()});
  } catch (const store::StoreFailure& failure) {
    log_.error("alerting", std::string("a retained message cannot be stored: ") + failure.what());
    return order.told(proto::ConfigOutcome::failed);
  }
  more_topics_ = true;
  order.told(proto::ConfigOutcome::stored);
}

/// With one sync: a whole fleet may follow a new configuration at once.
void Delivery::write_facts() {
  const auto facts = std::exchange(facts_, {});
  if (facts.empty()) return;
  try {
    state_.together([&] {
      for (const auto& fact : facts) {
        const auto value = fact.value();
        if (state_.get(fact.key) != value) state_.put(fact.key, value);
      }
    });
  } catch (const store::StoreFailure& failure) {
    if (!std::exchange(facts_failing_, true)) {
      log_.error("alerting", std::string("facts cannot be stored: ") + failure.what());
    }
    for (const auto& fact : facts) fact.lost();
    return;
  }
  facts_failing_ = false;
}

void Delivery::record() {
  if (delivered_row_ == recorded_row_ && delivered_topics_.empty()) return;
  try {
    state_.together([this] {
      if (delivered_row_ != recorded_row_) state_.delivered(delivered_row_);
      for (const auto& [topic, version] : delivered_topics_) state_.topic_sent(topic, version);
    });
  } catch (const store::StoreFailure& failure) {
    if (!std::exchange(record_failing_, true)) {
      log_.error("alerting",
                 std::string("deliveries are not recorded, a restart would repeat them: ") + failure.what());
    }
    return;
  }
  record_failing_ = false;
  recorded_row_ = delivered_row_;
  for (const auto& [topic, version] : delivered_topics_) topics_under_way_.erase(topic);
  delivered_topics_.clear();
  more_topics_ = true;  // a newer version may have waited for this one
}

bool Delivery::may_send() const { return connected_ && mailbox_.losses() == losses_; }

void Delivery::pump() {
  if (!may_send()) return;
  if (pause_until_) {
    if (clock_.steady_now() < *pause_until_) return;
    // Had it been the end of the connection, that would have been told by now.
    if (!std::exchange(refusal_said_, true)) {
      log_.warn("alerting", "the broker refuses derived messages; trying again every second");
    }
    pause_until_.reset();
  }
  pump_events();
  pump_topics();
}

bool Delivery::send(const proto::Outgoing& message, std::uint64_t token) {
  store::fail_point("outbox-send");
  // A connection lost and made again unnoticed would carry this one before those that were lost with the old.
  if (!may_send() || !publisher_.send(message, token)) return false;
  store::fail_point("outbox-send");
  return true;
}

void Delivery::pump_events() {
  // Rows that are delivered but not forgotten count as well: a kill now would repeat them.
  if (!more_events_ || delivered_row_ != recorded_row_ || events_.size() >= window_) return;
  const std::size_t room = window_ - events_.size();
  const auto queued = state_.queued(sent_row_, room);
  for (const auto& event : queued) {
    proto::Outgoing message{
        .topic = event.topic, .payload = event.payload, .qos = 1, .expiry_s = expiry(event.expiry_s)};
    if (!send(message, make_token(TokenKind::event, next_event_))) return;
    events_.push_back({event.row, next_event_++});
    sent_row_ = event.row;
  }
  more_events_ = queued.size() == room;
}

void Delivery::pump_topics() {
  if (!more_topics_ || topics_under_way_.size() >= window_) return;
  const std::size_t asked = window_;
  const auto unsent = state_.unsent_topics(asked);
  for (const auto& topic : unsent) {
    if (topics_under_way_.contains(topic.topic)) continue;
    if (topics_under_way_.size() >= window_) return;
    proto::Outgoing message{
        .topic = topic.topic, .payload = topic.payload, .qos = 1, .retain = true, .expiry_s = expiry(topic.expiry_s)};
    if (!send(message, make_token(TokenKind::topic, next_topic_))) return;
    compare_.sent(topic.topic);
    topics_under_way_.insert(topic.topic);
    topics_.emplace(next_topic_++, TopicUnderWay{topic.topic, topic.version});
  }
  more_topics_ = unsent.size() == asked;
}

bool Delivery::empty() const noexcept {
  return !more_events_ && !more_topics_ && events_.empty() && topics_under_way_.empty() && delivered_topics_.empty() &&
         delivered_row_ == recorded_row_;
}

}  // namespace telltale::alerting
