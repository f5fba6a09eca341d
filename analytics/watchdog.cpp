#include "analytics/watchdog.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "analytics/alert_id.hpp"
#include "analytics/rule_matcher.hpp"
#include "analytics/wording.hpp"

namespace telltale::analytics {

namespace {
constexpr Millis will_delay{5'000};
constexpr std::size_t largest_burst_size = 3;
constexpr unsigned first_version_of_known_since = 6;
using proto::Presence;
using proto::PresenceSource;
}  // namespace

void Watchdog::device_added(std::uint32_t device) {
  if (device >= devices_.size()) devices_.resize(device + std::size_t{1});
  devices_[device].configured_s = configured_heartbeat(ws_.rules, ws_.fleet, device);
  devices_[device].known_since = ws_.clock.now();
  set_period(devices_[device]);
  ++by_presence_[static_cast<std::size_t>(Presence::unknown)];
  sites_.device_added(device);
  arm(device);
}

void Watchdog::device_removed(std::uint32_t device, std::string_view why) {
  drop_will(device);
  sites_.device_removed(device, why);
  const Watched d = std::exchange(devices_[device], {});
  --by_presence_[static_cast<std::size_t>(d.presence)];
  say_presence(device, d, Presence::removed, PresenceSource::removal);
}

void Watchdog::say_presence(std::uint32_t device, const Watched& d, Presence state, PresenceSource source) {
  const auto& site = ws_.fleet.site_of(device);
  proto::PresenceChange change{site.tenant,
                               site.name,
                               ws_.fleet.device(device).name,
                               state,
                               source,
                               ws_.clock.log_now(),
                               std::nullopt,
                               std::chrono::duration_cast<std::chrono::seconds>(d.period).count()};
  if (d.last_seen != never) change.last_seen = d.last_seen_log;
  ws_.say(std::move(change));
}

void Watchdog::rules_changed() {
  for (std::uint32_t device = 1; device < devices_.size(); ++device) {
    if (!ws_.fleet.knows_device(device)) continue;
    devices_[device].configured_s = configured_heartbeat(ws_.rules, ws_.fleet, device);
    set_period(devices_[device]);
    arm(device);
  }
  sites_.severities_changed();
}

void Watchdog::set_period(Watched& d) const {
  auto seconds = d.announced_s;
  if (seconds <= 0) seconds = d.configured_s;
  if (seconds <= 0) seconds = std::max(ws_.rules.default_heartbeat_s, d.gaps.learned_s());
  d.period = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, longest_heartbeat_s));
}

Instant Watchdog::silent_since(const Watched& d) const {
  return std::max({d.last_seen, d.known_since, listening_.since()});
}

std::optional<Instant> Watchdog::silence_deadline(const Watched& d) const {
  const Instant since = silent_since(d);
  switch (d.presence) {
    case Presence::unknown:
    case Presence::online:
      return since + stale_after(d.period);
    case Presence::stale:
    case Presence::sleeping:
      return since + offline_after(d.period);
    case Presence::offline:
    case Presence::removed:
      break;
  }
  return std::nullopt;
}

DeviceVoice Watchdog::voice(std::uint32_t device) const {
  const Watched& d = devices_[device];
  const bool offline_next = d.presence == Presence::stale || d.presence == Presence::sleeping;
  if (offline_next && *silence_deadline(d) <= ws_.clock.now()) return sites_.voice_when_offline(device);
  return sites_.voice(device);
}

void Watchdog::arm(std::uint32_t device) {
  Watched& d = devices_[device];
  auto due = silence_deadline(d);
  if (!due) return;
  due = std::max(*due, ws_.clock.now());
  if (d.armed != never && d.armed <= *due) return;
  d.armed = *due;
  ws_.silence.add({*due, device, TimerKind::silence});
}

std::optional<Instant> Watchdog::silence_due(const Timer& timer) {
  if (timer.subject >= devices_.size()) return std::nullopt;
  Watched& d = devices_[timer.subject];
  if (timer.deadline != d.armed) return std::nullopt;
  const auto due = silence_deadline(d);
  if (!due) {
    d.armed = never;
  } else if (*due > timer.deadline) {
    d.armed = *due;
  }
  return due;
}

void Watchdog::on_silence(const Timer& timer) {
  if (timer.subject >= devices_.size()) return;
  const auto device = static_cast<std::uint32_t>(timer.subject);
  Watched& d = devices_[device];
  if (timer.deadline != d.armed) return;
  d.armed = never;
  const auto due = silence_deadline(d);
  if (!due) return;
  if (*due > ws_.clock.now()) return arm(device);
  const bool next_is_stale = d.presence == Presence::unknown || d.presence == Presence::online;
  set_presence(device, next_is_stale ? Presence::stale : Presence::offline, PresenceSource::timeout);
}

void Watchdog::set_presence(std::uint32_t device, Presence state, PresenceSource source) {
  Watched& d = devices_[device];
  if (d.presence == state) return;
  --by_presence_[static_cast<std::size_t>(d.presence)];
  ++by_presence_[static_cast<std::size_t>(state)];
  d.presence = state;
  say_presence(device, d, state, source);

  const auto& name = ws_.fleet.device(device).name;
  // Who leaves a will was there until then, however seldom it speaks.
  const Instant since = source == PresenceSource::will ? d.will_at : silent_since(d);
  if (state == Presence::stale) {
    sites_.stale(device, since);
  } else if (state == Presence::offline && source == PresenceSource::retained) {
    sites_.absent(device);
  } else if (state == Presence::offline) {
    std::string summary = name + (source == PresenceSource::will ? " lost its connection" : " is silent");
    summary += d.last_seen == never ? ", never heard" : ", last heard " + time_text(d.last_seen_log);
    concerned_.offline(device, sites_.voice_when_offline(device));
    sites_.offline(device, since, std::move(summary));
  } else {
    const auto before = sites_.voice(device);
    sites_.back(device, name + " is back");
    concerned_.back(device, before);
  }
  arm(device);
}

void Watchdog::heard_from(std::uint32_t device, PresenceSource source) {
  Watched& d = devices_[device];
  const Instant now = ws_.clock.now();
  if (listening_.yes() && d.last_seen >= listening_.since() && d.last_seen < now) {
    d.gaps.gap(now - d.last_seen);
    set_period(d);
  }
  d.last_seen = now;
  d.last_seen_log = ws_.clock.log_now();
  disbelieve(device);
  set_presence(device, source == PresenceSource::sleep ? Presence::sleeping : Presence::online, source);
  arm(device);
}

void Watchdog::announce(Watched& d, const proto::DeviceStatus& status) {
  if (!status.heartbeat_s || *status.heartbeat_s <= 0) return;
  d.announced_s = std::min(*status.heartbeat_s, longest_heartbeat_s);
  set_period(d);
}

void Watchdog::status(const proto::DeviceStatus& status) {
  const auto device = proto::to_number(status.device);
  if (!ws_.fleet.knows_device(device)) return;
  const std::uint64_t session = status.session.empty() ? 0 : token_hash(status.session);
  if (status.retained) return retained(device, status, session);
  if (status.state == proto::DeviceState::offline) return will(device, session);
  announce(devices_[device], status);
  if (status.state == proto::DeviceState::online || session != 0) devices_[device].session = session;
  heard_from(device, status.state == proto::DeviceState::sleeping ? PresenceSource::sleep : PresenceSource::birth);
}

/// A retained copy is as old as it likes: it names the state of a device of which nothing else is known.
void Watchdog::retained(std::uint32_t device, const proto::DeviceStatus& status, std::uint64_t session) {
  Watched& d = devices_[device];
  if (d.presence != Presence::unknown || d.will_pending) return;
  announce(d, status);
  switch (status.state) {
    case proto::DeviceState::online:
      d.session = session;
      return set_presence(device, Presence::online, PresenceSource::retained);
    case proto::DeviceState::sleeping:
      return set_presence(device, Presence::sleeping, PresenceSource::retained);
    case proto::DeviceState::offline:
      return set_presence(device, Presence::offline, PresenceSource::retained);
  }
}

std::size_t Watchdog::burst_size() const {
  const std::size_t half = (by_presence_[static_cast<std::size_t>(Presence::online)] + 1) / 2;
  // That we were away does not show that the broker was: one will may be true.
  return std::clamp<std::size_t>(half, listening_.starting() ? 2 : 1, largest_burst_size);
}

Instant Watchdog::will_deadline(const Watched& d) const { return std::max(d.will_at, listening_.since()) + will_delay; }

void Watchdog::will(std::uint32_t device, std::uint64_t session) {
  Watched& d = devices_[device];
  if (d.presence == Presence::offline || d.presence == Presence::sleeping || d.will_pending) return;
  if (session != 0 && d.session != 0 && session != d.session) return;
  const Instant now = ws_.clock.now();
  const bool counted = d.will_at != never && now - d.will_at <= Millis{1'000};
  d.will_pending = true;
  d.will_at = now;
  pending_wills_.insert(device);
  if (!counted) bursts_.add({device, now});
  sites_.doubt(device, now);
  if (listening_.yes()) ws_.timers.add({will_deadline(d), device, TimerKind::will});
  if (!listening_.lost_within(Millis{5'000}, now) || bursts_.in_last_second() < burst_size()) return;
  if (bursts_.in_last_second() > largest_burst_size) return disbelieve(device);  // those before it went already
  for (const auto other : bursts_.in_bursts(burst_size(), now)) disbelieve(other);
}

void Watchdog::drop_will(std::uint32_t device) {
  devices_[device].will_pending = false;
  pending_wills_.erase(device);
}

void Watchdog::disbelieve(std::uint32_t device) {
  if (device >= devices_.size() || !devices_[device].will_pending) return;
  drop_will(device);
  if (devices_[device].presence != Presence::stale) sites_.trust(device);
}

std::optional<Instant> Watchdog::will_due(const Timer& timer) const {
  if (timer.subject >= devices_.size()) return std::nullopt;
  const Watched& d = devices_[timer.subject];
  if (!d.will_pending || !listening_.yes()) return std::nullopt;
  return will_deadline(d);
}

void Watchdog::on_will(const Timer& timer) {
  const auto due = will_due(timer);
  if (!due || *due > ws_.clock.now()) return;
  const auto device = static_cast<std::uint32_t>(timer.subject);
  drop_will(device);
  set_presence(device, Presence::offline, PresenceSource::will);
}

void Watchdog::link(proto::LinkState state) {
  const Instant now = ws_.clock.now();
  const bool before = listening_.yes();
  listening_.apply(state, now);
  if (state == proto::LinkState::down)
    for (const auto device : bursts_.in_bursts(burst_size(), now)) disbelieve(device);
  if (listening_.yes() && (!before || state == proto::LinkState::caught_up))
    for (const auto device : pending_wills_)
      ws_.timers.add({std::max(will_deadline(devices_[device]), now), device, TimerKind::will});
}

void Watchdog::encode(proto::ByteWriter& out) const {
  listening_.encode(out);
  for (const Watched& d : devices_) {
    put(out, d.last_seen);
    put(out, d.known_since);
    put(out, d.armed);
    put(out, d.will_at);
    put(out, d.last_seen_log);
    out.u64(d.session);
    out.zigzag(d.announced_s);
    d.gaps.encode(out);
    out.u8(static_cast<std::uint8_t>(d.presence));
    out.boolean(d.will_pending);
  }
  bursts_.encode(out);
  ws_.silence.encode(out);
  sites_.encode(out);
}

bool Watchdog::decode(proto::ByteReader& in, unsigned version) {
  listening_.decode(in);
  devices_.resize(ws_.fleet.device_slots());
  for (std::uint32_t device = 0; device < devices_.size() && in.ok(); ++device) {
    Watched& d = devices_[device];
    d.last_seen = get_instant(in);
    if (version >= first_version_of_known_since) d.known_since = get_instant(in);
    d.armed = get_instant(in);
    d.will_at = get_instant(in);
    d.last_seen_log = get_timestamp(in);
    d.session = in.u64();
    d.announced_s = std::clamp<std::int64_t>(in.zigzag(), 0, longest_heartbeat_s);
    d.gaps.decode(in);
    const auto presence = in.u8();
    if (presence > static_cast<std::uint8_t>(Presence::sleeping)) return false;
    d.presence = static_cast<Presence>(presence);
    d.will_pending = in.boolean();
    if (!ws_.fleet.knows_device(device)) continue;
    if (version < first_version_of_known_since) d.known_since = d.last_seen != never ? d.last_seen : ws_.clock.now();
    d.configured_s = configured_heartbeat(ws_.rules, ws_.fleet, device);
    set_period(d);
    ++by_presence_[presence];
    if (d.will_pending) pending_wills_.insert(device);
  }
  return in.ok() && bursts_.decode(in) && ws_.silence.decode(in) && sites_.decode(in);
}

}  // namespace telltale::analytics
