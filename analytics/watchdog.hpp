#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/alert_book.hpp"
#include "analytics/heartbeat.hpp"
#include "analytics/listening.hpp"
#include "analytics/site_watch.hpp"
#include "analytics/will_burst.hpp"
#include "analytics/workspace.hpp"
#include "proto/event.hpp"

namespace telltale::analytics {

/// Presence of every device (contracts 4, design 6) and the built-in alerts `offline` and `site-silent`.
/// Period: announced > configured > max(default, learned). stale after max(15 s, 1.5 x), offline after max(30 s, 3 x)
/// without any message while we were listening: counted from max(last message, caught up), or
/// from when the device became known. A sleeping device is never
/// stale, and a will says nothing about it. A device never heard of (known, silent since start) is judged alike.
/// Silence has the workspace's other timer wheel, which stands still while we do not listen. Cost: heard() is O(1), and
/// next to nothing for a device already heard in this batch; quiet devices cost nothing.
class Watchdog {
 public:
  /// Whom it concerns that an alert about the device is about to be told, or is over.
  struct Concerned {
    std::function<void(std::uint32_t device, DeviceVoice voice)> offline;
    std::function<void(std::uint32_t device, DeviceVoice before)> back;
  };
  Watchdog(Workspace& ws, AlertBook& book, Concerned concerned)
      : ws_(ws), book_(book), concerned_(std::move(concerned)) {}

  void device_added(std::uint32_t device);
  /// Says that it is gone. To be called while the fleet still knows it.
  void device_removed(std::uint32_t device, std::string_view why);
  void rules_changed();

  /// Any message of the device's own that is not retained and not a will.
  void heard(std::uint32_t device) {
    const Watched& d = devices_[device];
    if (d.last_seen == ws_.clock.now() && d.presence == proto::Presence::online && !d.will_pending) return;
    heard_from(device, proto::PresenceSource::data);
  }
  void status(const proto::DeviceStatus& status);
  void link(proto::LinkState state);

  [[nodiscard]] Millis period(std::uint32_t device) const { return devices_[device].period; }
  [[nodiscard]] const std::size_t (&census() const)[5] { return by_presence_; }
  /// Also when it will be offline by the deadlines of this very moment.
  [[nodiscard]] DeviceVoice voice(std::uint32_t device) const;

  [[nodiscard]] bool cut_off() const { return listening_.cut_off(); }
  /// Silence counts from here at the earliest.
  [[nodiscard]] Instant listening_since() const { return listening_.since(); }

  /// The silence wheel takes part only while we listen.
  [[nodiscard]] TimerWheel* running_wheel() { return listening_.yes() ? &ws_.silence : nullptr; }
  [[nodiscard]] const TimerWheel* running_wheel() const { return listening_.yes() ? &ws_.silence : nullptr; }
  void returning(const std::vector<Returning>& alerts) { sites_.returning(alerts); }
  void on_silence(const Timer& timer);
  void on_will(const Timer& timer);
  void on_site(const Timer& timer) { sites_.on_deadline(timer); }
  [[nodiscard]] std::optional<Instant> silence_due(const Timer& timer);
  [[nodiscard]] std::optional<Instant> will_due(const Timer& timer) const;
  [[nodiscard]] std::optional<Instant> site_due(const Timer& timer) const { return sites_.due(timer); }

  void encode(proto::ByteWriter& out) const;
  [[nodiscard]] bool decode(proto::ByteReader& in, unsigned version);

 private:
  struct Watched {
    Instant last_seen = never;
    Instant known_since{};  // nobody is silent before that
    Instant armed = never;  // the silence timer that counts; others of this device are dropped when met
    Instant will_at = never;
    Timestamp last_seen_log{};
    Millis period{60'000};
    std::uint64_t session = 0;  // hash of the last birth's; 0 = none
    std::int64_t announced_s = 0;
    std::int64_t configured_s = 0;
    GapLearner gaps;
    proto::Presence presence = proto::Presence::unknown;
    bool will_pending = false;
  };

  void heard_from(std::uint32_t device, proto::PresenceSource source);
  void will(std::uint32_t device, std::uint64_t session);
  void retained(std::uint32_t device, const proto::DeviceStatus& status, std::uint64_t session);
  void announce(Watched& d, const proto::DeviceStatus& status);
  void drop_will(std::uint32_t device);
  /// The will was no verdict.
  void disbelieve(std::uint32_t device);
  [[nodiscard]] std::size_t burst_size() const;
  void set_presence(std::uint32_t device, proto::Presence state, proto::PresenceSource source);
  void say_presence(std::uint32_t device, const Watched& d, proto::Presence state, proto::PresenceSource source);
  void set_period(Watched& d) const;
  [[nodiscard]] Instant silent_since(const Watched& d) const;
  /// When silence changes this device's presence, counted from `since`; nullopt: never.
  [[nodiscard]] std::optional<Instant> silence_deadline(const Watched& d) const;
  [[nodiscard]] Instant will_deadline(const Watched& d) const;
  void arm(std::uint32_t device);

  Workspace& ws_;
  AlertBook& book_;
  Concerned concerned_;
  SiteWatch sites_{ws_, book_, [this](std::uint32_t device) { return devices_[device].period; }};
  Listening listening_;
  WillBurst bursts_;
  std::vector<Watched> devices_ = std::vector<Watched>(1);
  std::set<std::uint32_t> pending_wills_;
  std::size_t by_presence_[5] = {};
};

}  // namespace telltale::analytics
