#include "alerting/outbox.hpp"

#include <array>
#include <string>

#include "alerting/forgotten.hpp"
#include "alerting/output_class.hpp"
#include "alerting/retained_compare.hpp"
#include "proto/output_topics.hpp"
#include "store/error.hpp"

namespace telltale::alerting {

using store::StateDb;

struct Outbox::Counters {
  std::array<proto::Counter*, 6> transitions;  // by proto::AlertState

  explicit Counters(proto::Metrics& metrics) {
    for (std::size_t i = 0; i < transitions.size(); ++i) {
      transitions[i] =
          &metrics.counter("telltale_alert_transitions_total", "Alert transitions by the state they lead to",
                           {{"to", std::string(to_string(static_cast<proto::AlertState>(i)))}});
    }
  }
};

namespace {

StateDb::TableTopic table_topic(proto::Outgoing message) {
  return {.topic = std::move(message.topic),
          .payload = std::move(message.payload),
          .remove_after_send = message.expiry_s.has_value(),  // the broker forgets it as well
          .expiry_s = message.expiry_s.value_or(0)};
}

StateDb::QueuedEvent queued_event(proto::Outgoing message) {
  return {.topic = std::move(message.topic),
          .payload = std::move(message.payload),
          .expiry_s = message.expiry_s.value_or(0)};
}

}  // namespace

Outbox::Outbox(StateDb& state, proto::Tenancy tenancy, proto::Logger& log, proto::Metrics& metrics)
    : state_(state),
      tenancy_(tenancy),
      log_(log),
      counters_(std::make_unique<Counters>(metrics)),
      emitted_upto_(state.emitted_upto()) {}
Outbox::~Outbox() = default;

void Outbox::queue(const proto::AlertTransition& alert, StateDb::Change& change) {
  AlertMessages messages = render(alert, tenancy_);
  change.topics.push_back(table_topic(std::move(messages.state)));
  if (state_.has_transition(alert.id, alert.n)) return;  // said before, see start_over()
  counters_->transitions[static_cast<std::size_t>(alert.state)]->add();
  change.history.push_back({.id = alert.id,
                            .n = alert.n,
                            .ts_ms = to_ms(alert.ts),
                            .tenant = alert.tenant,
                            .topic = messages.event.topic,
                            .payload = messages.event.payload,
                            .reason = std::string(to_string(alert.reason)),
                            .active = alert.active()});
  change.notices.push_back({.tenant = alert.tenant, .payload = messages.event.payload});
  change.events.push_back(queued_event(std::move(messages.event)));
}

/// False: not of a kind that must reach the outside.
bool Outbox::queue(const proto::Finding& finding, StateDb::Change& change) {
  if (const auto* alert = std::get_if<proto::AlertTransition>(&finding)) {
    queue(*alert, change);
  } else if (const auto* presence = std::get_if<proto::PresenceChange>(&finding)) {
    auto topic = table_topic(render(*presence, tenancy_));
    if (topic.remove_after_send) {
      change.facts.emplace_back(removed_presence_key(topic.topic), topic.payload);
      auto config = proto::OutputTopics(tenancy_).config(presence->tenant, presence->site, presence->device);
      if (state_.topic(config))
        change.topics.push_back({.topic = std::move(config), .payload = "", .remove_after_send = true});
    }
    change.topics.push_back(std::move(topic));
  } else if (const auto* reply = std::get_if<proto::ControlReply>(&finding)) {
    change.events.push_back(queued_event(render(*reply, tenancy_)));
  } else if (const auto* removal = std::get_if<proto::RemovalReply>(&finding)) {
    change.events.push_back(queued_event(render(*removal, tenancy_)));
  } else if (const auto* silence = std::get_if<proto::SilenceState>(&finding)) {
    change.silences.push_back(*silence);
  } else {
    return false;
  }
  return true;
}

bool Outbox::add(proto::LogPosition position, std::span<const proto::Finding> findings) {
  StateDb::Change change;
  bool any = false;
  for (std::uint32_t index = 0; index < findings.size(); ++index) {
    const store::FindingPosition at{position, index};
    if (emitted_upto_ && at <= *emitted_upto_) continue;
    if (!queue(findings[index], change)) continue;
    change.emitted_upto = at;
    any = true;
  }
  if (!any) return false;
  pending_ = std::move(change);
  return flush();
}

bool Outbox::flush() {
  if (!pending_) return false;
  try {
    state_.apply(*pending_);
  } catch (const store::StoreFailure& failure) {
    if (!failing_) log_.error("alerting", std::string("findings wait, they cannot be queued: ") + failure.what());
    failing_ = true;
    return false;
  }
  if (failing_) log_.info("alerting", "findings are queued again");
  failing_ = false;
  emitted_upto_ = pending_->emitted_upto;
  pending_.reset();
  return true;
}

void Outbox::start_over(const proto::Batch& first) {
  StateDb::Change change;
  change.forget_silences = true;
  for (const auto& topic : state_.all_topics()) {
    if (class_of(topic.topic) != proto::TopicClass::alert_state) continue;
    if (const auto alert = forgotten(topic.payload, first.log_time)) queue(*alert, change);
  }
  if (!change.topics.empty()) {
    log_.warn("alerting", "alerts that are forgotten and end as removed: " + std::to_string(change.topics.size()));
  }
  change.emitted_upto = {{first.position.generation, first.position.sequence - 1}, UINT32_MAX};
  pending_ = std::move(change);
  flush();
}

void Outbox::rewind(proto::LogPosition end) {
  StateDb::Change change;
  change.emitted_upto = {end, UINT32_MAX};
  state_.apply(change);
  emitted_upto_ = change.emitted_upto;
}

}  // namespace telltale::alerting
