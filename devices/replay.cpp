#include "devices/replay.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "devices/paho_wire.hpp"
#include "devices/payload.hpp"
#include "proto/config_error.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t window = 500;  // messages without PUBACK
constexpr std::int64_t announced_heartbeat_s = 60;
constexpr std::int64_t asleep_heartbeat_s = 24 * 3600;

/// Messages in order over a connection that may break; nothing is forgotten before the PUBACK.
class SafeSender {
 public:
  SafeSender(const ReplayOptions& options, const Clock& clock, proto::Logger& log, std::stop_token stop)
      : clock_(clock), log_(log), stop_(std::move(stop)), wire_(wire_options(options)) {}

  /// Blocks while the window is full or there is no connection. False when stopped meanwhile.
  bool send(Message message) {
    waiting_.push_back(std::move(message));
    return pump([this] { return waiting_.empty() && under_way_.size() < window; }, std::nullopt);
  }
  /// Until all is acknowledged, or `patience` is over.
  void finish(Millis patience) {
    (void)pump([this] { return waiting_.empty() && under_way_.empty(); }, clock_.steady_now() + patience);
    wire_.close();
    const auto deadline = clock_.steady_now() + 3s;
    while (!wire_.idle() && clock_.steady_now() < deadline) wire_.wait(20ms);
  }
  /// Takes what comes in while waiting for the next row.
  void wait(Millis timeout) {
    (void)pump([] { return true; }, std::nullopt);
    wire_.wait(timeout);
  }
  [[nodiscard]] std::uint64_t sent() const noexcept { return next_ticket_ - 1; }
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

 private:
  static PahoWireOptions wire_options(const ReplayOptions& options) {
    PahoWireOptions wire;
    wire.broker = options.broker;
    wire.credentials = options.credentials;
    wire.client_id = options.client_id;
    return wire;
  }

  template <class Done>
  bool pump(Done done, std::optional<std::chrono::steady_clock::time_point> deadline) {
    for (;;) {
      take_events();
      if (!open_ && !opening_ && clock_.steady_now() >= next_attempt_) {
        opening_ = true;
        wire_.open({});
      }
      while (open_ && !waiting_.empty() && under_way_.size() < window) {
        if (!wire_.send(waiting_.front(), next_ticket_)) break;
        under_way_.emplace(next_ticket_++, std::move(waiting_.front()));
        waiting_.pop_front();
      }
      if (done()) return true;
      if (deadline ? clock_.steady_now() >= *deadline : stop_.stop_requested()) return false;
      wire_.wait(20ms);  // the stop token is looked at in between
    }
  }

  void take_events() {
    for (const auto& event : wire_.take_events()) {
      switch (event.kind) {
        case WireEvent::Kind::opened:
          open_ = true;
          opening_ = false;
          break;
        case WireEvent::Kind::lost:
          if (open_ || next_attempt_ == std::chrono::steady_clock::time_point{}) {
            log_.warn("replay", "no connection to the broker" + (event.reason.empty() ? "" : ": " + event.reason) +
                                    "; trying again every second");
          }
          open_ = opening_ = false;
          next_attempt_ = clock_.steady_now() + 1s;
          for (auto it = under_way_.rbegin(); it != under_way_.rend(); ++it) {
            waiting_.push_front(std::move(it->second));
          }
          under_way_.clear();
          break;
        case WireEvent::Kind::delivered:
          acknowledged_ += under_way_.erase(event.ticket);
          break;
        case WireEvent::Kind::failed:
          if (const auto it = under_way_.find(event.ticket); it != under_way_.end()) {
            waiting_.push_front(std::move(it->second));
            under_way_.erase(it);
          }
          break;
        case WireEvent::Kind::arrived:
          break;  // nothing was subscribed
      }
    }
  }

  const Clock& clock_;
  proto::Logger& log_;
  std::stop_token stop_;
  PahoWire wire_;
  bool open_ = false, opening_ = false;
  std::chrono::steady_clock::time_point next_attempt_{};
  std::deque<Message> waiting_;
  std::map<std::uint64_t, Message> under_way_;  // by ticket, in the order of sending
  std::uint64_t next_ticket_ = 1;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace

ReplayMerge::ReplayMerge(std::vector<ReplaySource> sources) : sources_(std::move(sources)) {
  for (std::size_t i = 0; i < sources_.size(); ++i) refill(i);
}

void ReplayMerge::refill(std::size_t source) {
  if (auto row = sources_[source].next()) due_.push({source, std::move(*row)});
}

std::optional<ReplayMerge::Row> ReplayMerge::next() {
  if (due_.empty()) return std::nullopt;
  Row row = due_.top();
  due_.pop();
  refill(row.source);
  return row;
}

const std::string& ReplayMerge::topic(std::size_t source, std::size_t index) const {
  return sources_[source].topics()[index];
}

std::vector<std::string> ReplayMerge::devices() const {
  constexpr std::string_view prefix = "telemetry/";
  std::set<std::string> found;
  for (const auto& source : sources_) {
    for (const auto& topic : source.topics()) {
      if (!topic.starts_with(prefix)) continue;
      const auto site_end = topic.find('/', prefix.size());
      if (site_end == std::string::npos) continue;
      found.insert(topic.substr(prefix.size(), topic.find('/', site_end + 1) - prefix.size()));
    }
  }
  return {found.begin(), found.end()};
}

std::string replay_payload(double value, Timestamp ts) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return "{\"v\":" + std::string(buffer, end) + ",\"ts\":" + std::to_string(to_ms(ts)) + '}';
}

Millis scaled(Millis offset, double speed) { return Millis{std::llround(static_cast<double>(offset.count()) / speed)}; }

ReplayTally run_replay(const ReplayOptions& options, const Clock& clock, proto::Logger& log, std::stop_token stop) {
  if (!(options.speed > 0.0) || options.speed > 1e9) throw proto::ConfigError("speed: expected more than 0");
  if (options.files.empty()) throw proto::ConfigError("no file to replay");
  std::vector<ReplaySource> sources;
  for (const auto& file : options.files) sources.emplace_back(file, options.topic);
  ReplayMerge merge(std::move(sources));
  SafeSender sender(options, clock, log, stop);
  ReplayTally tally;

  const auto devices = merge.devices();
  const std::string session = std::to_string(to_ms(clock.now()));
  const auto announce = [&](const std::string& device, std::string payload) {
    return sender.send({"status/" + device, std::move(payload), 1, true});
  };
  for (const auto& device : devices) {
    announce(device, online_payload(session, to_ms(clock.now()), announced_heartbeat_s, "replay"));
  }

  const auto start = clock.now();
  const auto steady_start = clock.steady_now();
  while (auto next = merge.next()) {
    const Millis at = scaled(next->row.offset, options.speed);
    if (options.duration && at > *options.duration) break;
    while (!stop.stop_requested() && clock.steady_now() < steady_start + at) {
      const auto left = std::chrono::duration_cast<Millis>(steady_start + at - clock.steady_now());
      sender.wait(std::clamp(left, Millis{0}, Millis{20}));
    }
    if (stop.stop_requested()) break;
    ++tally.rows;
    for (const auto& value : next->row.values) {
      if (!sender.send(
              {merge.topic(next->source, value.topic), replay_payload(value.number, start + at), options.qos, false})) {
        break;
      }
    }
  }
  for (const auto& device : devices) announce(device, sleeping_payload(session, asleep_heartbeat_s));
  sender.finish(stop.stop_requested() ? 2s : 10s);
  tally.messages = sender.sent();
  tally.acknowledged = sender.acknowledged();
  return tally;
}

}  // namespace telltale::devices
