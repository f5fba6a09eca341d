#include <algorithm>
#include <charconv>

#include "broker/ingest_session_impl.hpp"
#include "broker/mqtt5_encode.hpp"

namespace telltale::broker {
namespace {

using mqtt5::PacketType;
using mqtt5::WireError;

constexpr auto component = "mqtt";

std::string_view body_of(const Frame& frame) { return {frame.body, frame.body_size}; }

}  // namespace

void IngestSession::Impl::handle(Frames frames) {
  Arrivals arrivals{epoch, clock.now(), {}, std::move(frames.slabs)};
  arrivals.messages.reserve(frames.frames.size());
  const auto mine = generation;
  for (const auto& frame : frames.frames) {
    on_frame(frame, arrivals);
    if (mine != generation) return;
  }
  hand_on(arrivals);
}

void IngestSession::Impl::hand_on(Arrivals& arrivals) {
  if (arrivals.messages.empty()) return;
  on_item(Arrivals{arrivals.epoch, arrivals.received, std::exchange(arrivals.messages, {}), arrivals.slabs});
}

void IngestSession::Impl::on_frame(const Frame& frame, Arrivals& arrivals) {
  const PacketType type = mqtt5::packet_type(frame.first_byte);
  if ((type == PacketType::connack) != (phase == Phase::awaiting_connack)) {
    return break_off(WireError::unexpected_packet);
  }
  switch (type) {
    case PacketType::publish:
      return on_publish(frame, arrivals);
    case PacketType::connack:
      return on_connack(frame, arrivals);
    case PacketType::suback:
      return on_suback(frame, arrivals);
    case PacketType::unsuback:
      return on_unsuback(frame, arrivals);
    case PacketType::disconnect:
      hand_on(arrivals);
      return on_disconnect(frame);
    case PacketType::puback:
      return on_puback(frame);
    case PacketType::pingresp: {
      const auto pingresp = mqtt5::parse_pingresp(frame.first_byte, body_of(frame));
      if (!pingresp) return break_off(pingresp.error());
      return;
    }
    default:
      return break_off(WireError::unexpected_packet);
  }
}

void IngestSession::Impl::on_connack(const Frame& frame, Arrivals& arrivals) {
  const auto parsed = mqtt5::parse_connack(frame.first_byte, body_of(frame));
  if (!parsed) return break_off(parsed.error());
  if (parsed->reason_code == mqtt5::reason::unsupported_protocol_version) return break_off(WireError::not_mqtt5);
  if (parsed->reason_code != mqtt5::reason::success) {
    std::string reason =
        broker_name + " refuses the connection: " + std::string(mqtt5::reason_text(parsed->reason_code));
    if (!parsed->reason_string.empty()) reason += " (" + std::string(parsed->reason_string) + ")";
    return lose(reason, Ending::explained);
  }
  connack = *parsed;
  connack.reason_string = {};
  if (connack.server_keepalive_s.value_or(0) > 0) keepalive = std::chrono::seconds(*connack.server_keepalive_s);
  session_problem.clear();
  if (connack.session_expiry_s.value_or(options.session_expiry_s) < options.session_expiry_s) {
    session_problem = "the broker keeps our session only " + std::to_string(*connack.session_expiry_s) +
                      " s instead of " + std::to_string(options.session_expiry_s) + " s";
  } else if (connack.maximum_qos == 0) {
    session_problem = "the broker does not offer QoS 1: messages can be lost";
  } else if (!connack.subscription_identifiers_available) {
    session_problem = "the broker has no subscription identifiers: overlapping filters store twice";
  }
  if (epoch > 0) reconnects.add();
  phase = Phase::connected;
  arrivals.epoch = ++epoch;
  connected_at = clock.steady_now();
  connected_gauge.set(1);
  deadline_timer.cancel();
  schedule_tick();
  change_status([&](SessionStatus& s) {
    s.connected = true;
    s.problem = session_problem;
  });
  on_item(Connected{epoch, connack.session_present});
}

void IngestSession::Impl::subscribe() {
  change_filters();
  ask_round({});
  continue_reading();
}

void IngestSession::Impl::ask_round(SubscriptionRound::Settled settled) {
  round.emplace(plan, SubscriptionRound::Ability{.identifiers = connack.subscription_identifiers_available}, outgoing,
                std::move(settled));
  flush();
}

/// When the broker has answered everything that was asked before, so that the answers are to one set of filters.
void IngestSession::Impl::change_filters() {
  if (!wanted_filters || (round && !round->done())) return;
  const auto filters = *std::exchange(wanted_filters, std::nullopt);
  if (plan.change(filters)) on_item(RankedFilters{plan.ranked()});
  if (phase != Phase::connected || !round) return;  // with the next CONNACK
  auto settled = round->settled();
  const auto obsolete = [this](const std::string& filter) {
    return std::find(plan.obsolete().begin(), plan.obsolete().end(), filter) != plan.obsolete().end();
  };
  std::erase_if(settled.subscribed, obsolete);
  std::erase_if(settled.unsubscribed, [&](const std::string& filter) { return !obsolete(filter); });
  ask_round(std::move(settled));
  if (round->complete()) subscribed();
}

void IngestSession::Impl::on_suback(const Frame& frame, Arrivals& arrivals) {
  const auto suback = mqtt5::parse_suback(frame.first_byte, body_of(frame));
  if (!suback) return break_off(suback.error());
  const auto* asked = round ? round->suback(suback->packet_id, suback->reason_code) : nullptr;
  if (!asked) return break_off(WireError::unexpected_packet);
  if (asked->role == SubscriptionPlan::Role::configured &&
      (asked->refused ? plan.not_served(asked->filter) : plan.served(asked->filter))) {
    hand_on(arrivals);
    on_item(RankedFilters{plan.ranked()});
  }
  if (round->complete()) subscribed();
  if (round->done()) change_filters();
}

void IngestSession::Impl::on_unsuback(const Frame& frame, Arrivals& arrivals) {
  const auto unsuback = mqtt5::parse_unsuback(frame.first_byte, body_of(frame));
  if (!unsuback) return break_off(unsuback.error());
  const auto* asked = round ? round->unsuback(unsuback->packet_id, unsuback->reason_code) : nullptr;
  if (!asked) return break_off(WireError::unexpected_packet);
  if (!asked->refused && plan.not_served(asked->filter)) {
    hand_on(arrivals);
    on_item(RankedFilters{plan.ranked()});
  }
  if (!round->done()) return;
  note_subscriptions();
  change_filters();
}

void IngestSession::Impl::subscribed() {
  std::string problem = session_problem;
  if (!round->problem().empty()) problem += (problem.empty() ? "" : "; ") + round->problem();
  const bool first = marker_epoch != epoch;
  if (!problem.empty()) {
    say_problem(problem);
  } else {
    said_problem.clear();
    log.info(component, first ? "subscribed at " + broker_name + ", connection " + std::to_string(epoch) +
                                    (connack.session_present ? ", session kept" : ", new session")
                              : "other topic filters are subscribed at " + broker_name);
  }
  change_status([&](SessionStatus& s) {
    s.subscribed = round->problem().empty();
    s.problem = problem;
  });
  note_subscriptions();
  if (first) publish_marker();
}

/// What the broker has not ended yet is known to the next run, which ends it.
void IngestSession::Impl::note_subscriptions() {
  if (!on_subscribed) return;
  auto filters = plan.ranked();
  for (auto& filter : round->not_ended()) {
    if (std::find(filters.begin(), filters.end(), filter) == filters.end()) filters.push_back(std::move(filter));
  }
  on_subscribed(std::move(filters));
}

void IngestSession::Impl::publish_marker() {
  marker_epoch = epoch;
  marker = R"({"nonce":")" + options.nonce + R"(","run":")" + run + R"(","epoch":)" + std::to_string(epoch) + "}";
  encode(mqtt5::OutgoingPublish{.topic = plan.marker_topic(),
                                .payload = marker,
                                .qos = std::min<std::uint8_t>(connack.maximum_qos, 1),
                                .packet_id = round->next_packet_id(),
                                .retain = false},
         outgoing);
  flush();
}

void IngestSession::Impl::on_publish(const Frame& frame, Arrivals& arrivals) {
  const auto publish = mqtt5::parse_publish(frame.first_byte, body_of(frame), frame.remaining_length);
  if (!publish) return break_off(publish.error());
  const auto meaning = plan.meaning_of(*publish);
  const std::uint32_t offset = std::min(publish->payload_offset, frame.body_size);
  const std::uint32_t present = frame.body_size - offset;
  const auto owner =
      meaning.for_receiver() ? UnacknowledgedWindow::Owner::receiver : UnacknowledgedWindow::Owner::session;
  window.arrived(publish->packet_id, frame.body_size, owner);
  if (publish->qos == 0 && meaning.for_receiver()) qos0_messages.add();
  if (meaning.for_receiver()) {
    arrivals.messages.push_back({.topic = publish->topic,
                                 .payload = frame.body + offset,
                                 .payload_size = present,
                                 .original_size = frame.remaining_length - publish->payload_offset,
                                 .packet_id = publish->packet_id,
                                 .filter = meaning.filter,
                                 .qos = publish->qos,
                                 .dup = publish->dup,
                                 .retain = publish->retain});
  }
  if (meaning.own) on_own_message(*meaning.own, {frame.body + offset, present}, *publish, arrivals);
}

void IngestSession::Impl::on_own_message(SubscriptionPlan::Role role, std::string_view payload,
                                         const mqtt5::Publish& publish, Arrivals& arrivals) {
  switch (role) {
    case SubscriptionPlan::Role::marker:
      if (marker.empty() || payload != marker) return;  // of an earlier connection
      marker.clear();
      hand_on(arrivals);
      change_status([](SessionStatus& s) { s.caught_up = true; });
      on_item(CaughtUp{epoch});
      return caught_up_gauge.set(1);
    case SubscriptionPlan::Role::status:
      takeover.status_seen(payload, publish.retain ? TakeoverWatch::Copy::retained : TakeoverWatch::Copy::live);
      if (takeover.taken_over(clock.steady_now())) {
        hand_on(arrivals);
        lose("taken over", Ending::explained);
      }
      return;
    case SubscriptionPlan::Role::dropped_counter:
      return on_dropped_counter(payload);
    case SubscriptionPlan::Role::configured:
      return;
  }
}

void IngestSession::Impl::on_dropped_counter(std::string_view payload) {
  std::uint64_t dropped = 0;
  if (std::from_chars(payload.data(), payload.data() + payload.size(), dropped).ec != std::errc{}) return;
  const std::uint64_t before = std::exchange(dropped_before, dropped).value_or(0);
  if (dropped <= before) {
    drops_said = false;
    return;
  }
  dropped_by_broker.add(dropped - before);
  if (std::exchange(drops_said, true)) return;  // said once until it stops
  log.warn(component, "the broker has dropped " + std::to_string(dropped) +
                          " messages since its start because a queue was full; see max_queued_messages");
}

/// Of the marker. Its arrival says more than a success; a refusal says that it will never arrive.
void IngestSession::Impl::on_puback(const Frame& frame) {
  const auto puback = mqtt5::parse_puback(frame.first_byte, body_of(frame));
  if (!puback) return break_off(puback.error());
  if (puback->reason_code < 0x80) return;  // 3.4.2.1
  const std::string text = "the broker refuses our marker on '" + plan.marker_topic() +
                           "': " + std::string(mqtt5::reason_text(puback->reason_code)) +
                           "; without it we are never caught up, and readings without own time are not judged";
  say_problem(text);
  change_status([&](SessionStatus& s) { s.problem = text; });
}

void IngestSession::Impl::on_disconnect(const Frame& frame) {
  const auto disconnect = mqtt5::parse_disconnect(frame.first_byte, body_of(frame));
  if (!disconnect) return break_off(disconnect.error());
  const bool taken = disconnect->reason_code == mqtt5::reason::session_taken_over;
  lose(broker_name + " ended the connection: " + std::string(mqtt5::reason_text(disconnect->reason_code)),
       taken ? Ending::unexplained : Ending::explained);
}

void IngestSession::Impl::break_off(WireError error) {
  lose(broker_name + " does not keep to MQTT 5: " + std::string(mqtt5::describe(error)), Ending::explained);
}

}  // namespace telltale::broker
