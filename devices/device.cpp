#include "devices/device.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "devices/order.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t buffer_rows = 600;
constexpr std::size_t batch_rows = 50;
constexpr Millis backoff_first = 1s;
constexpr Millis backoff_last = 60s;
constexpr Millis clock_skew = 2h;
constexpr std::int64_t sleep_heartbeat_s = 900;

}  // namespace

DeviceTally& DeviceTally::operator+=(const DeviceTally& other) {
  readings += other.readings;
  messages += other.messages;
  batches += other.batches;
  bad += other.bad;
  delivered += other.delivered;
  overflowed += other.overflowed;
  connects += other.connects;
  commands += other.commands;
  return *this;
}

Device::Device(DeviceProfile profile, FaultPlan plan, Wire& wire, const Clock& clock, SteadyTime start)
    : profile_(std::move(profile)),
      plan_(std::move(plan)),
      wire_(wire),
      clock_(clock),
      start_(start),
      climate_(profile_.seed),
      random_(profile_.seed ^ 0x9e3779b97f4a7c15ULL),
      place_(profile_.site + '/' + profile_.name),
      telemetry_topic_("telemetry/" + place_),
      status_topic_("status/" + place_),
      next_attempt_(start),
      next_measure_(start + profile_.phase),
      last_said_(start) {}

Millis Device::elapsed_now() const { return std::chrono::duration_cast<Millis>(clock_.steady_now() - start_); }

void Device::step() {
  const Millis elapsed = elapsed_now();
  drain_wire();
  follow_link_faults(elapsed);
  if (link_ == Link::closed && link_was_allowed_ && clock_.steady_now() >= next_attempt_) open_link();
  if (asleep_) return;
  measure_if_due(elapsed);
  if (link_ != Link::open || plan_.active(FaultKind::silent, elapsed)) return;
  flush(elapsed);
  if (clock_.steady_now() - last_said_ >= profile_.heartbeat) say_online("heartbeat");
}

void Device::drain_wire() {
  for (const auto& event : wire_.take_events()) {
    switch (event.kind) {
      case WireEvent::Kind::opened:
        refusal_.clear();
        link_is_up();
        break;
      case WireEvent::Kind::lost:
        refusal_ = event.reason;
        link_is_down();
        break;
      case WireEvent::Kind::delivered:
        if (unconfirmed_.erase(event.ticket) > 0) ++tally_.delivered;
        break;
      case WireEvent::Kind::failed:
        if (const auto it = unconfirmed_.find(event.ticket); it != unconfirmed_.end()) {
          auto rows = std::move(it->second);
          unconfirmed_.erase(it);
          buffer_.insert(buffer_.begin(), rows.begin(), rows.end());
        }
        break;
      case WireEvent::Kind::arrived:
        follow(event.message);
        break;
    }
  }
}

bool Device::link_allowed(Millis elapsed) const {
  if (plan_.active(FaultKind::drop, elapsed) || plan_.active(FaultKind::sleep, elapsed)) return false;
  if (const auto* flap = plan_.active(FaultKind::flap, elapsed)) return plan_.since(*flap, elapsed) % 3s >= 1s;
  return true;
}

void Device::follow_link_faults(Millis elapsed) {
  const bool allowed = link_allowed(elapsed);
  if (allowed == link_was_allowed_) return;
  link_was_allowed_ = allowed;
  if (allowed) {
    asleep_ = false;
    next_attempt_ = clock_.steady_now();
    backoff_ = Millis{0};
  } else if (plan_.active(FaultKind::sleep, elapsed)) {
    fall_asleep();
  } else {
    wire_.cut();
  }
}

void Device::open_link() {
  // The time is in it because a fleet that is started again with its old seed must not repeat a session.
  const auto mixed = (random_() ^ (static_cast<std::uint64_t>(to_ms(clock_.now())) * 0x9e3779b97f4a7c15ULL)) >> 32;
  char token[17];
  std::snprintf(token, sizeof token, "%08llx", static_cast<unsigned long long>(mixed));
  session_ = token;
  take_back_unconfirmed();  // what a clean DISCONNECT left without PUBACK
  link_ = Link::opening;
  wire_.open({status_topic_, will_payload(session_), 1, true});
}

void Device::link_is_up() {
  link_ = Link::open;
  backoff_ = Millis{0};
  const bool first = tally_.connects++ == 0;
  say_online(first ? "power_on" : "reconnect");
  wire_.subscribe({"cmd/" + place_ + "/#", "config/" + place_});
}

void Device::link_is_down() {
  link_ = Link::closed;
  backoff_ = std::clamp(backoff_ * 2, backoff_first, backoff_last);
  // Full jitter, so that a fleet does not return to a restarted broker as one wave.
  next_attempt_ =
      clock_.steady_now() + Millis{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(backoff_.count()))};
  take_back_unconfirmed();
}

void Device::take_back_unconfirmed() {
  for (auto it = unconfirmed_.rbegin(); it != unconfirmed_.rend(); ++it) {
    buffer_.insert(buffer_.begin(), it->second.begin(), it->second.end());
  }
  unconfirmed_.clear();
}

void Device::fall_asleep() {
  asleep_ = true;
  if (link_ == Link::open) send_status(sleeping_payload(session_, sleep_heartbeat_s));
  wire_.close();
  link_ = Link::closed;
}

void Device::retire() {
  if (!asleep_) fall_asleep();
}

void Device::measure_if_due(Millis elapsed) {
  const auto now = clock_.steady_now();
  if (now < next_measure_) return;
  next_measure_ += profile_.period;
  if (next_measure_ <= now) next_measure_ = now + profile_.period;  // a late step makes no burst
  if (plan_.active(FaultKind::silent, elapsed)) return;
  keep(take_sample(elapsed));
}

std::optional<std::int64_t> Device::own_time(Millis elapsed) const {
  if (!profile_.has_clock) return std::nullopt;
  if (plan_.active(FaultKind::unset_clock, elapsed)) return elapsed.count();
  const Millis ahead = plan_.active(FaultKind::skew, elapsed) ? clock_skew : Millis{0};
  return to_ms(clock_.now() + ahead);
}

Sample Device::take_sample(Millis elapsed) {
  Measurement m = climate_.measure(clock_.now());
  if (plan_.active(FaultKind::stuck, elapsed)) {
    if (!frozen_) frozen_ = m;
    m = *frozen_;
  } else {
    frozen_.reset();
  }
  if (plan_.active(FaultKind::spike, elapsed)) m.temperature = 86.0 + static_cast<double>(random_() % 400) / 100.0;
  if (plan_.active(FaultKind::jump, elapsed)) m.humidity = std::min(m.humidity + 25.0, 100.0);
  if (const auto* drift = plan_.active(FaultKind::drift, elapsed)) {
    m.temperature += 0.2 * static_cast<double>(plan_.since(*drift, elapsed).count() / 1000);
  }
  return {m, next_seq_++, own_time(elapsed), elapsed.count()};
}

void Device::keep(Sample sample) {
  buffer_.push_back(sample);
  while (buffer_.size() > buffer_rows) {
    buffer_.pop_front();
    ++tally_.overflowed;
  }
}

void Device::flush(Millis elapsed) {
  while (!buffer_.empty()) {
    const bool bad = plan_.active(FaultKind::bad_json, elapsed) != nullptr;
    // Once: the service keeps the units of a series. Rows without a time of their own go as a batch.
    const bool describes = !bad && !units_told_ && (buffer_.size() == 1 || buffer_.front().ts_ms);
    const std::size_t count = bad || describes ? 1 : std::min(buffer_.size(), batch_rows);
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Sample> rows(buffer_.begin(), end);
    std::string payload = bad          ? bad_payload(rows.front())
                          : describes  ? described_payload(rows.front())
                          : count == 1 ? flat_payload(rows.front())
                                       : batch_payload(rows, elapsed.count());
    if (!send_telemetry(std::move(payload), std::move(rows))) return;
    units_told_ = units_told_ || describes;
    buffer_.erase(buffer_.begin(), end);
    tally_.batches += count > 1 ? 1 : 0;
    if (bad) {
      ++tally_.bad;
    } else {
      tally_.readings += count;
    }
  }
}

bool Device::send_telemetry(std::string payload, std::vector<Sample> rows) {
  const auto ticket = next_ticket_++;
  if (!wire_.send({telemetry_topic_, std::move(payload), profile_.qos, false}, ticket)) return false;
  last_said_ = clock_.steady_now();
  ++tally_.messages;
  unconfirmed_.emplace(ticket, std::move(rows));
  return true;
}

void Device::say_online(const std::string& reason) {
  send_status(online_payload(session_, own_time(elapsed_now()), profile_.heartbeat / 1s, reason, config_version_));
}

void Device::follow(const Message& order) {
  if (plan_.active(FaultKind::silent, elapsed_now())) return;
  const std::string command_prefix = "cmd/" + place_ + '/';
  if (order.topic.starts_with(command_prefix)) return obey(order.topic.substr(command_prefix.size()), order.payload);
  if (order.topic == "config/" + place_) configure(order.payload);
}

void Device::obey(const std::string& command, const std::string& payload) {
  const auto id = command_id(payload);
  if (!id) return;
  constexpr int unknown = 404;
  const bool known = command == "measure" || command == "identify";
  if (command == "measure") next_measure_ = clock_.steady_now();
  auto ack = known ? ack_payload(*id, true, 0, "done") : ack_payload(*id, false, unknown, "no such command");
  if (wire_.send({"ack/" + place_ + '/' + command, std::move(ack), 1, false}, next_ticket_++)) ++tally_.commands;
}

void Device::configure(const std::string& payload) {
  if (payload.empty()) {  // it was removed
    config_version_.reset();
    return;
  }
  const auto config = read_config(payload);
  if (!config) return;
  if (config->interval) profile_.period = *config->interval;
  if (config->heartbeat) profile_.heartbeat = std::max<Millis>(*config->heartbeat, 1s);
  next_measure_ = std::min(next_measure_, clock_.steady_now() + profile_.period);
  config_version_ = config->version;
  say_online("config");
}

bool Device::send_status(std::string payload) {
  if (!wire_.send({status_topic_, std::move(payload), 1, true}, next_ticket_++)) return false;
  last_said_ = clock_.steady_now();
  return true;
}

}  // namespace telltale::devices
