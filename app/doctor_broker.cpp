#include <atomic>
#include <charconv>
#include <thread>

#include "api/registry.hpp"
#include "app/config_text.hpp"
#include "app/doctor.hpp"
#include "broker/ingest_session.hpp"
#include "broker/reachability.hpp"
#include "devices/paho_wire.hpp"

namespace telltale::app {

namespace {

using Verdict = Diagnosis::Verdict;
using namespace std::chrono_literals;

constexpr int probes = 1200;  // the brokers that drop do it from 1,000 on, by default
constexpr auto patience = 15s;
constexpr std::string_view drop_counter = "$SYS/broker/publish/messages/dropped";

/// What the session has to say is in its status().
class Silent final : public proto::Logger {
 public:
  void write(proto::LogLevel, std::string_view, std::string_view) override {}
};

broker::IngestOptions probing(const broker::IngestOptions& service) {
  auto options = service;
  options.client_id += "-doctor";
  options.instance = options.client_id;
  options.nonce = "doctor";
  options.filters = {"service/" + options.client_id + "/probe", std::string(drop_counter)};
  options.previous_filters.clear();
  options.session_expiry_s = 60;
  return options;
}

/// One stay at the broker under the doctor's client id.
class Visit {
 public:
  Visit(const broker::IngestOptions& options, const Clock& clock)
      : probe_(options.filters.front()),
        session_(
            options, clock, log_, registry_, [this](broker::SessionItem item) { take(std::move(item)); },
            [](const std::vector<std::string>&) {}) {
    session_.start();
  }
  ~Visit() { session_.stop(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  /// True when everything that the broker had for us has come. The first refusal is one.
  bool wait_caught_up() {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      const auto status = session_.status();
      if (status.caught_up) return true;
      if (!status.connected && !status.problem.empty()) return false;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }
  [[nodiscard]] broker::SessionStatus status() const { return session_.status(); }
  [[nodiscard]] int probes_seen() const { return seen_; }
  [[nodiscard]] bool session_kept() const { return kept_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void take(broker::SessionItem item) {
    if (const auto* connected = std::get_if<broker::Connected>(&item)) {
      kept_ = connected->session_present;
      session_.epoch_logged(connected->epoch);
    } else if (const auto* arrivals = std::get_if<broker::Arrivals>(&item)) {
      for (const auto& message : arrivals->messages) {
        if (message.topic == probe_) ++seen_;
        if (message.topic == drop_counter) read_drops({message.payload, message.payload_size});
      }
      session_.acknowledge(arrivals->epoch, arrivals->messages.size());
    }
  }
  void read_drops(std::string_view text) {
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{}) dropped_ = value;
  }

  Silent log_;
  api::Registry registry_;
  std::string probe_;
  std::atomic<int> seen_ = 0;
  std::atomic<bool> kept_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  broker::IngestSession session_;
};

/// How many probes the broker has acknowledged.
int publish_probes(const broker::IngestOptions& options) {
  devices::PahoWireOptions wiring;
  wiring.broker = {options.host, options.port, options.tls};
  wiring.credentials = {options.username, options.password, options.ca_file, options.cert_file, options.key_file};
  wiring.client_id = options.client_id + "-pub";
  devices::PahoWire wire(std::move(wiring));
  wire.open({});
  const std::string payload(64, '.');
  bool open = false;
  int sent = 0;
  int delivered = 0;
  auto end = std::chrono::steady_clock::now() + patience;
  while (delivered < probes && std::chrono::steady_clock::now() < end) {
    wire.wait(Millis{20});
    for (const auto& event : wire.take_events()) {
      end = std::chrono::steady_clock::now() + patience;
      if (event.kind == devices::WireEvent::Kind::opened) open = true;
      if (event.kind == devices::WireEvent::Kind::delivered) ++delivered;
      if (event.kind == devices::WireEvent::Kind::lost) return delivered;
    }
    while (open && sent < probes && sent - delivered < 100) {
      if (!wire.send({options.filters.front(), payload, 1, false}, static_cast<std::uint64_t>(sent) + 1)) break;
      ++sent;
    }
  }
  wire.close();
  return delivered;
}

Diagnosis connection_diagnosis(const std::string& url, const broker::IngestOptions& options,
                               const broker::SessionStatus& status) {
  auto why = status.problem;
  if (why.empty() && !status.connected) why = broker::why_unreachable(options.host, options.port, options.tls);
  if (why.empty()) why = "does not let us subscribe";
  return {Verdict::bad, "broker", url + ": " + why,
          status.connected ? "the broker's access rules: what this user may read and write is in broker/acl.example"
                           : "is it running; are address, certificates or password right?"};
}

Diagnosis queue_diagnosis(int sent, int seen) {
  if (seen >= sent) {
    return {Verdict::good, "queue", std::to_string(sent) + " messages were kept for a subscriber that was away", ""};
  }
  return {Verdict::bad, "queue",
          "of " + std::to_string(sent) + " messages for a subscriber that was away " + std::to_string(sent - seen) +
              " were dropped: the same happens to readings whenever Telltale is stopped",
          "Mosquitto: max_queued_messages 9000000 and max_queued_bytes (broker/mosquitto-production.conf)"};
}

}  // namespace

std::vector<Diagnosis> examine_broker(const Config& config, const Clock& clock) {
  const auto options = probing(config.mqtt);
  const auto url = broker_url_text(options.host, options.port, options.tls);
  std::vector<Diagnosis> all;
  {
    Visit first(options, clock);
    if (!first.wait_caught_up()) return {connection_diagnosis(url, options, first.status())};
    if (const auto status = first.status(); !status.problem.empty()) {
      all.push_back({Verdict::doubtful, "broker", url + ": " + status.problem, "see docs/operations.md"});
    } else {
      all.push_back({Verdict::good, "broker", url + " answers", ""});
    }
    if (first.dropped() > 0) {
      all.push_back({Verdict::doubtful, "drops",
                     "the broker has dropped " + std::to_string(first.dropped()) + " messages since it was started",
                     "a queue was full: some subscriber's; raise max_queued_messages and max_queued_bytes"});
    }
  }
  const int sent = publish_probes(options);
  if (sent < probes) {
    all.push_back(
        {Verdict::bad, "queue",
         "only " + std::to_string(sent) + " of " + std::to_string(probes) + " messages were taken by the broker",
         "the broker's access rules: may this user write service/#? (broker/acl.example)"});
  }
  Visit second(options, clock);
  if (!second.wait_caught_up()) {
    all.push_back(connection_diagnosis(url, options, second.status()));
    return all;
  }
  if (!second.session_kept()) {
    all.push_back({Verdict::bad, "session", "the broker forgot the session of a client that had left for a moment",
                   "allow persistent sessions"});
  } else if (sent > 0) {
    all.push_back(queue_diagnosis(sent, second.probes_seen()));
  }
  return all;
}

}  // namespace telltale::app
