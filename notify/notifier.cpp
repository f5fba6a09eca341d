#include "notify/notifier.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "notify/lane.hpp"
#include "notify/request.hpp"
#include "proto/topic.hpp"
#include "store/error.hpp"
#include "store/fail_point.hpp"

namespace telltale::notify {

namespace {

constexpr std::size_t notices_at_once = 500;
constexpr Millis retry_of_failed_write{1'000};

/// Calendar time as it was at the start, carried on by the steady clock: due times survive a restart, and a clock step
/// in between moves none of them.
class Timeline {
 public:
  explicit Timeline(const Clock& clock) : clock_(clock), start_(clock.now()), steady_start_(clock.steady_now()) {}
  [[nodiscard]] Timestamp now() const {
    return start_ + std::chrono::duration_cast<Millis>(clock_.steady_now() - steady_start_);
  }

 private:
  const Clock& clock_;
  Timestamp start_;
  std::chrono::steady_clock::time_point steady_start_;
};

}  // namespace

struct Notifier::Impl {
  Surroundings world;
  NotifyOptions options;
  Timeline timeline;
  store::NotifyDb::Cursor cursor;
  std::unordered_map<std::string, Alert> alerts;  // by key
  std::map<std::string, std::unique_ptr<Lane>> lanes;
  std::unordered_map<std::uint64_t, Lane*> sending;  // by token
  std::uint64_t last_token = 0;
  Ledger ledger;
  bool more_notices = true, failing = false;

  Impl(NotifyOptions o, const Surroundings& s) : world(s), options(std::move(o)), timeline(s.clock) {}

  [[nodiscard]] Lane::Surroundings lane_surroundings() const {
    return {options.external_url, world.new_id, world.log, world.metrics};
  }
  void restore();
  void open_lanes();
  bool take_notices();
  void take(const store::Notice& notice);
  void release(const std::string& key);
  bool commit();
  bool failed(const store::StoreFailure& failure);
  void send();
  void handle(std::vector<Transfer::Done> done);
  [[nodiscard]] Millis until_due(Millis most);
};

/// What an earlier run left behind. Channels that are gone by now lose what they had to say.
void Notifier::Impl::restore() {
  auto content = world.db.load();
  const std::string epoch = world.notices.epoch();
  const bool same = content.cursor && content.cursor->epoch == epoch;
  cursor = same ? *content.cursor : store::NotifyDb::Cursor{epoch, 0};
  if (!same) {
    ledger.cursor(cursor);
    if (!content.alerts.empty()) world.log.warn("notify", "notify.db belongs to another state.db: it starts anew");
  }
  for (const auto& row : content.alerts) {
    auto alert = same ? read_alert(row.tenant, row.payload) : std::nullopt;
    if (alert) {
      alerts.insert_or_assign(row.key, std::move(*alert));
    } else {
      ledger.no_alert(row.key);
    }
  }
  for (const auto& row : content.entries) {
    const auto lane = lanes.find(row.channel);
    const auto alert = alerts.find(row.alert);
    if (lane == lanes.end() || alert == alerts.end() || !lane->second->channel().takes(alert->second)) {
      ledger.no_entry(row.channel, row.alert);
    } else {
      lane->second->restore(row, alert->second);
    }
  }
  for (const auto& row : content.deliveries) {
    const auto lane = lanes.find(row.channel);
    if (lane == lanes.end() || lane->second->channel().kind == ChannelKind::alertmanager) {
      world.log.warn("notify", "a message for channel " + row.channel + " is not sent: the channel is gone");
      ledger.no_delivery(row.id);
    } else {
      lane->second->restore(row);
    }
  }
  if (same) return;
  for (auto notice : world.notices.active()) {
    if (notice.tenant.empty()) notice.tenant = proto::default_tenant;
    take(notice);
  }
}

/// Lanes as the options say; those that exist go on.
void Notifier::Impl::open_lanes() {
  for (auto at = lanes.begin(); at != lanes.end();) {
    const auto wanted = std::find_if(options.channels.begin(), options.channels.end(),
                                     [&](const Channel& channel) { return channel.name == at->first; });
    if (wanted != options.channels.end() && at->second->reconfigure(*wanted, options.external_url, ledger)) {
      ++at;
      continue;
    }
    std::erase_if(sending, [&](const auto& item) { return item.second == at->second.get(); });
    at->second->close(ledger);
    at = lanes.erase(at);
  }
  for (const auto& channel : options.channels) {
    if (!lanes.contains(channel.name)) lanes.emplace(channel.name, make_lane(channel, lane_surroundings()));
  }
}

bool Notifier::Impl::take_notices() {
  std::vector<store::Notice> notices;
  try {
    notices = world.notices.after(cursor.row, notices_at_once);
  } catch (const store::StoreFailure& failure) {
    return failed(failure);
  }
  for (const auto& notice : notices) take(notice);
  more_notices = notices.size() == notices_at_once;
  if (!notices.empty()) {
    cursor.row = notices.back().row;
    ledger.cursor(cursor);
  }
  return true;
}

bool Notifier::Impl::failed(const store::StoreFailure& failure) {
  if (!std::exchange(failing, true)) world.log.error("notify", std::string("nobody is notified: ") + failure.what());
  return false;
}

void Notifier::Impl::take(const store::Notice& notice) {
  auto read = read_alert(notice.tenant, notice.payload);
  if (!read) {
    world.log.error("notify", "notice " + std::to_string(notice.row) + " is no alert, nobody is told of it");
    return;
  }
  const std::string key = read->key;
  Alert& alert = alerts[key] = std::move(*read);
  ledger.alert({key, alert.tenant, alert.payload});
  for (auto& [name, lane] : lanes) lane->notice(alert, timeline.now(), ledger);
  release(key);
}

/// An alert that ended stays until every channel has said so.
void Notifier::Impl::release(const std::string& key) {
  const auto alert = alerts.find(key);
  if (alert == alerts.end() || !alert->second.ended()) return;
  if (std::any_of(lanes.begin(), lanes.end(), [&](const auto& lane) { return lane.second->knows(key); })) return;
  ledger.no_alert(key);
  alerts.erase(alert);
}

bool Notifier::Impl::commit() {
  for (const auto& key : ledger.released()) release(key);
  if (ledger.empty()) return true;
  try {
    world.db.apply(ledger.change());
  } catch (const store::StoreFailure& failure) {
    return failed(failure);
  }
  ledger.clear();
  world.taken_over(cursor.row);
  return true;
}

void Notifier::Impl::send() {
  for (auto& [name, lane] : lanes) {
    auto outgoing = lane->next(timeline.now(), world.clock.now());
    if (!outgoing) continue;
    store::fail_point("notify-send");
    sending.emplace(++last_token, lane.get());
    world.transfer.start(last_token, make_request(lane->channel(), options.user_agent, outgoing->delivery,
                                                  std::move(outgoing->body), world.clock.now()));
    store::fail_point("notify-send");
  }
}

void Notifier::Impl::handle(std::vector<Transfer::Done> done) {
  for (const auto& [token, outcome] : done) {
    const auto lane = sending.extract(token);
    if (!lane) continue;  // its channel is gone
    store::fail_point("notify-record");
    lane.mapped()->done(outcome, timeline.now(), ledger);
  }
}

Millis Notifier::Impl::until_due(Millis most) {
  if (failing) return std::min(most, retry_of_failed_write);
  if (more_notices) return Millis{0};
  const Timestamp now = timeline.now();
  for (auto& [name, lane] : lanes) {
    if (const auto due = lane->due(now)) most = std::min(most, std::max(*due - now, Millis{0}));
  }
  return most;
}

Notifier::Notifier(NotifyOptions options, const Surroundings& surroundings)
    : impl_(std::make_unique<Impl>(std::move(options), surroundings)) {
  impl_->open_lanes();
  impl_->restore();
  reload(impl_->options);
}
Notifier::~Notifier() = default;

void Notifier::reload(NotifyOptions options) {
  Impl& n = *impl_;
  n.options = std::move(options);
  n.open_lanes();
  for (const auto& [key, alert] : n.alerts) {
    if (alert.ended()) continue;
    for (auto& [name, lane] : n.lanes) {
      if (!lane->knows(key)) lane->notice(alert, n.timeline.now(), n.ledger);
    }
  }
}

void Notifier::step(Millis most) {
  Impl& n = *impl_;
  const bool readable = n.take_notices();
  for (auto& [name, lane] : n.lanes) lane->flush(n.timeline.now(), n.world.clock.now(), n.ledger);
  const bool durable = n.commit();
  if (readable && durable && std::exchange(n.failing, false)) n.world.log.info("notify", "notifications go on");
  if (durable) n.send();
  n.handle(n.world.transfer.wait(n.until_due(most)));
}

bool Notifier::sending() const noexcept { return !impl_->sending.empty(); }

}  // namespace telltale::notify
