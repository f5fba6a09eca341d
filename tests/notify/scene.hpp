#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alerting/payload.hpp"
#include "notify/notifier.hpp"
#include "store/state_db.hpp"
#include "tests/alerting/findings.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::test {

/// Answers at once, and keeps what was sent.
class FakeTransfer final : public notify::Transfer {
 public:
  struct Sent {
    Timestamp at;
    notify::Request request;
  };
  explicit FakeTransfer(const Clock& clock) : clock_(clock) {}

  /// Nothing: this request never ends.
  std::function<std::optional<notify::Outcome>(const notify::Request&)> answer = [](const notify::Request&) {
    return notify::Outcome{.verdict = notify::Verdict::accepted, .detail = "HTTP 200"};
  };
  std::vector<Sent> attempts;
  std::vector<Sent> accepted;

  void start(std::uint64_t token, notify::Request request) override {
    attempts.push_back({clock_.now(), request});
    auto outcome = answer(request);
    if (!outcome) return;
    if (outcome->verdict == notify::Verdict::accepted) accepted.push_back(attempts.back());
    done_.push_back({token, std::move(*outcome)});
  }
  [[nodiscard]] std::vector<Done> wait(Millis) override { return std::exchange(done_, {}); }
  void wake() override {}

 private:
  const Clock& clock_;
  std::vector<Done> done_;
};

[[nodiscard]] inline notify::Channel channel(std::string name,
                                             notify::ChannelKind kind = notify::ChannelKind::webhook) {
  notify::Channel c;
  c.name = std::move(name);
  c.kind = kind;
  c.url = "http://receiver.test/" + c.name;
  c.topic = "plant";
  c.from = "telltale@plant.test";
  c.to = {"ops@plant.test"};
  return c;
}

/// state.db, notify.db and a notifier in simulated time.
class NotifyScene {
 public:
  explicit NotifyScene(std::vector<notify::Channel> channels) { options.channels = std::move(channels); }

  TemporaryFolder folder;
  SimulatedClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  notify::NotifyOptions options{.external_url = "https://telltale.example"};
  std::optional<store::StateDb> state{std::in_place, folder.path() / "state.db"};
  FakeTransfer transfer{clock};

  /// A transition of the alert of this device, written as the outbox does.
  void say(proto::AlertState to, const std::string& device = "esp32-7", std::string rule = "too-hot",
           proto::Severity severity = proto::Severity::critical) {
    auto alert = too_hot();
    alert.id = "a-" + device + "-" + rule;
    alert.n = ++n_;
    alert.state = to;
    alert.device = device;
    alert.rule = std::move(rule);
    alert.severity = severity;
    alert.ts = clock.now();
    say(alert);
  }
  void say(const proto::AlertTransition& alert) {
    store::StateDb::Change change;
    const auto messages = alerting::render(alert, proto::Tenancy::single);
    change.notices.push_back({.tenant = alert.tenant, .payload = messages.event.payload});
    change.topics.push_back({.topic = messages.state.topic, .payload = messages.state.payload});
    state->apply(change);
    steps();
  }
  void run_for(Millis time) {
    steps();
    for (Millis passed{0}; passed < time; passed += Millis{500}) {
      clock.advance(Millis{500});
      steps();
    }
  }
  notify::Notifier& notifier() {
    if (!notifier_) start();
    return *notifier_;
  }
  void lose_notify_db() {
    notifier_.reset();
    db_.reset();
    std::filesystem::remove(folder.path() / "notify.db");
    start();
  }
  void restart() {
    notifier_.reset();
    start();
  }
  /// The texts of all accepted messages.
  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& sent : transfer.accepted) all.push_back(sent.request.body);
    return all;
  }
  [[nodiscard]] std::uint64_t count(const std::string& channel_name, const std::string& result) {
    return metrics.value("telltale_notifications_total{channel=\"" + channel_name + "\",result=\"" + result + "\"}");
  }

 private:
  void start() {
    notifier_.reset();
    notices_ = std::make_unique<store::NoticeReader>(folder.path() / "state.db");
    db_.reset();
    db_ = std::make_unique<store::NotifyDb>(folder.path() / "notify.db");
    notifier_ = std::make_unique<notify::Notifier>(
        options, notify::Notifier::Surroundings{*notices_, *db_, transfer, clock, log, metrics,
                                                [this] { return "d" + std::to_string(++deliveries_); },
                                                [this](std::uint64_t row) { state->notices_taken(row); }});
  }
  void steps() {
    for (int i = 0; i < 6; ++i) notifier().step(Millis{0});
  }

  std::unique_ptr<store::NoticeReader> notices_;
  std::unique_ptr<store::NotifyDb> db_;
  std::unique_ptr<notify::Notifier> notifier_;
  std::uint32_t n_ = 0;
  int deliveries_ = 0;
};

/// The value of a header, "" when it is not there.
[[nodiscard]] inline std::string header(const notify::Request& request, const std::string& name) {
  for (const auto& line : request.headers) {
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  }
  return {};
}

}  // namespace telltale::test
