#include "app/service.hpp"

#include <algorithm>
#include <atomic>
#include <iomanip>
#include <iterator>
#include <random>
#include <sstream>

#include "alerting/config_desk.hpp"
#include "alerting/desk.hpp"
#include "alerting/operator_desk.hpp"
#include "api/archive.hpp"
#include "api/dashboard.hpp"
#include "api/device_metrics.hpp"
#include "api/device_notes.hpp"
#include "api/device_replies.hpp"
#include "api/gate.hpp"
#include "api/grafana_routes.hpp"
#include "api/health.hpp"
#include "api/http_server.hpp"
#include "api/live.hpp"
#include "api/prom/prom_routes.hpp"
#include "api/registry.hpp"
#include "api/rest.hpp"
#include "api/rest_tenants.hpp"
#include "app/channel_trials.hpp"
#include "app/config_restart.hpp"
#include "app/rule_trials.hpp"
#include "app/version.hpp"
#include "broker/ingest_session.hpp"
#include "broker/paho_publisher.hpp"
#include "broker/subscription_plan.hpp"
#include "ingest/writer.hpp"
#include "notify/notifications.hpp"
#include "proto/quantity_text.hpp"
#include "store/chunk_cache.hpp"
#include "store/keys_db.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"

namespace telltale::app {

namespace {

// A stop ends within `stop_within`, whatever the disk and the broker do; each part may use this much of it.
constexpr std::chrono::seconds stop_within{10};
constexpr std::chrono::seconds writer_within{4};
constexpr std::chrono::seconds outbox_within{3};
constexpr std::chrono::seconds notifications_within{1};
constexpr Millis order_within{3000};
constexpr std::string_view filters_key = "mqtt.filters";

/// Tells this run of the service from any other that uses the same client id.
std::string make_nonce() {
  std::random_device random;
  std::ostringstream text;
  text << std::hex << std::setfill('0') << std::setw(8) << random() << std::setw(8) << random();
  return text.str();
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

broker::IngestOptions with_run_facts(broker::IngestOptions mqtt, const std::string& nonce,
                                     const store::StateDb& facts) {
  mqtt.nonce = nonce;
  mqtt.previous_filters = split_lines(facts.get(filters_key).value_or(""));
  mqtt.filters = broker::by_age(mqtt.filters, mqtt.previous_filters);
  return mqtt;
}

ingest::WriterOptions with_filters_of(ingest::WriterOptions options, const broker::IngestOptions& mqtt) {
  options.filters = mqtt.filters;  // the places of the session's filters are what its messages name
  return options;
}

/// What may come by MQTT may come by HTTP.
api::HttpOptions with_body_of(api::HttpOptions http, const ingest::WriterOptions& ingest) {
  http.max_body_bytes = std::max<std::uint64_t>(http.max_body_bytes, ingest.decoder.max_payload_bytes);
  return http;
}

notify::NotifyOptions with_user_agent(notify::NotifyOptions options) {
  options.user_agent = "telltale/" + std::string(version);
  return options;
}

broker::PublisherOptions publisher_options(const broker::IngestOptions& mqtt, const std::string& nonce) {
  broker::PublisherOptions options;
  options.host = mqtt.host;
  options.port = mqtt.port;
  options.tls = mqtt.tls;
  options.ca_file = mqtt.ca_file;
  options.cert_file = mqtt.cert_file;
  options.key_file = mqtt.key_file;
  options.username = mqtt.username;
  options.password = mqtt.password;
  options.client_id = mqtt.client_id;
  options.instance = mqtt.instance;
  options.nonce = nonce;
  options.version = version;
  return options;
}

}  // namespace

struct Service::Impl {
  Impl(Config c, const Clock& clk, proto::Logger& l)
      : config(std::move(c)),
        clock(clk),
        log(l),
        nonce(make_nonce()),
        store(config.store, clock, log, registry),
        state(config.store.path / "state.db"),
        facts(config.store.path / "state.db"),
        publisher(publisher_options(config.mqtt, nonce), clock, log, registry),
        alerting(config.alerting, store, state, publisher, clock, log, registry),
        notifications(with_user_agent(config.notify), config.store.path, clock, log, registry,
                      [this](std::uint64_t row) { state.notices_taken(row); }),
        configs(alerting, facts, tenancy()),
        replies(clock),
        notes(facts),
        mqtt(with_run_facts(config.mqtt, nonce, facts)),
        writer(with_replies(with_filters_of(config.ingest, mqtt)), store, clock, log, registry,
               [this] { return alerting.next_deadline(); }),
        session(
            mqtt, clock, log, registry, [this](broker::SessionItem item) { writer.push(std::move(item)); },
            [this](const std::vector<std::string>& filters) { keep_filters(filters); }),
        desk(
            config.store.path / "state.db", alerting.answers(),
            [this](proto::Event event, const auto& logged) { log_order(std::move(event), logged); }, order_within),
        keys(config.store.path / store::KeysDb::file_name),
        gate(keys, {config.allow_anonymous_loopback, config.requests_per_second}, clock),
        keyring(config.store.path),
        answers(config.query_cache_bytes / 2, registry),
        archive(config.store.path, tenancy(), reader_options()),
        trials(config.store.path, tenancy(), clock),
        channels(clock),
        live({}, archive, log, registry),
        http(with_body_of(config.http, config.ingest), routes(), clock, log, registry),
        reload_ok(registry.gauge("telltale_config_last_reload_successful", "1 when the last (re)load was good.")),
        reload_time(registry.gauge("telltale_config_last_reload_success_timestamp_seconds",
                                   "When a configuration was last put in force.")) {
    registry
        .gauge("telltale_build_info", "Version and revision of this program.",
               {{"version", std::string(version)}, {"revision", std::string(revision)}})
        .set(1);
    alerting.on_live(
        [this](const proto::Batch& batch, std::span<const proto::Finding> findings) { live.tell(batch, findings); });
    state.on_notices([this] { notifications.wake(); });
    use(config.analytics, config.ingest.decoder);
    channels.use(with_user_agent(config.notify));
    note_reload();
  }

  [[nodiscard]] proto::Tenancy tenancy() const {
    return config.multi_tenant ? proto::Tenancy::multi : proto::Tenancy::single;
  }

  void use(const proto::RuleSet& set, const proto::DecoderOptions& options) {
    rules.set(std::make_shared<const proto::RuleSet>(set));
    decoding.set(std::make_shared<const proto::DecoderOptions>(options));
  }

  ingest::WriterOptions with_replies(ingest::WriterOptions options) {
    options.on_reply = [this](const proto::DeviceReply& reply) {
      if (reply.name.empty()) configs.note(reply);
      replies.replied(reply);
    };
    return options;
  }

  store::ReaderOptions reader_options() {
    store::ReaderOptions options;
    if (config.query_cache_bytes > 0)
      options.decoded = std::make_shared<store::ChunkCache>(config.query_cache_bytes / 2, registry, "days");
    return options;
  }

  std::vector<api::Route> routes() {
    auto* kept = config.query_cache_bytes > 0 ? &answers : nullptr;
    const api::RestParts parts{gate,   archive,  desk,      live,    writer,  rules, tenancy(), clock, decoding,
                               trials, channels, publisher, replies, configs, notes, alerting,  kept};
    auto all = api::rest_routes(parts);
    std::ranges::move(api::grafana_routes(parts), std::back_inserter(all));
    if (config.device_metrics) all.push_back(api::device_metrics_route(gate, archive, clock));
    std::ranges::move(api::tenant_routes({gate, keyring, archive, writer, tenancy(), clock, log}),
                      std::back_inserter(all));
    std::ranges::move(api::prom::prom_routes(gate, archive, clock, {}, kept), std::back_inserter(all));
    all.push_back(api::healthz_route());
    all.push_back(api::readyz_route(checks()));
    all.push_back(api::metrics_route(registry));
    std::ranges::move(api::dashboard_routes(), std::back_inserter(all));
    return all;
  }

  std::vector<api::HealthCheck> checks() {
    return {{"mqtt",
             [this] {
               const auto s = session.status();
               if (s.taken_over) return std::string("taken-over");
               if (!s.connected) return std::string("down");
               if (!s.problem.empty()) return s.problem;
               if (!s.subscribed) return std::string("subscribing");
               return std::string(publisher.connected() ? "ok" : "publisher-down");
             }},
            {"storage",
             [this] {
               const auto problem = writer.problem();
               return problem.empty() ? std::string("ok") : problem;
             }},
            {"rules", [this] { return std::string(reload_ok.value() > 0 ? "ok" : "last reload failed"); }}};
  }

  /// On any thread. Behind the writer's end nobody would answer.
  void log_order(proto::Event event, const std::function<void(std::optional<std::uint64_t>)>& logged) {
    if (stopping) return logged(std::nullopt);
    writer.log_alone(std::move(event), logged);
  }

  /// On the session's thread, which a full disk must not end.
  void keep_filters(const std::vector<std::string>& filters) {
    try {
      facts.put(filters_key, join_lines(filters));
    } catch (const store::StoreFailure& failure) {
      log.error("service", std::string("cannot note which topic filters are subscribed: ") + failure.what());
    }
  }

  void note_reload() {
    reload_ok.set(1);
    reload_time.set(static_cast<double>(to_ms(clock.now())) / 1000.0);
  }

  Config config;
  const Clock& clock;
  proto::Logger& log;
  std::string nonce;
  api::Registry registry;
  store::Store store;
  store::StateDb state;  // alerting's connection
  store::StateDb facts;  // the session's: small durable facts
  broker::PahoPublisher publisher;
  alerting::Alerting alerting;
  notify::Notifications notifications;
  alerting::ConfigDesk configs;
  api::DeviceReplies replies;
  api::DeviceNotes notes;
  const broker::IngestOptions mqtt;  // as configured, with what earlier runs left behind
  ingest::Writer writer;
  broker::IngestSession session;
  std::atomic<bool> stopping = false;
  alerting::OperatorDesk desk;
  store::KeysDb keys;
  api::Gate gate;
  api::Keyring keyring;
  api::AnswerCache answers;
  api::Archive archive;
  api::RulesInForce rules;
  api::DecodingInForce decoding;
  RuleTrials trials;
  ChannelTrials channels;
  api::Live live;
  api::HttpServer http;
  proto::Gauge& reload_ok;
  proto::Gauge& reload_time;
  bool running = false;
  bool silent = false;  // another instance speaks under our name
};

Service::Service(Config config, const Clock& clock, proto::Logger& log)
    : impl_(std::make_unique<Impl>(std::move(config), clock, log)) {}

Service::~Service() { stop(); }

void Service::start() {
  auto& self = *impl_;
  self.running = true;
  self.live.start();
  self.replies.start();
  self.http.start();
  self.publisher.start();
  self.notifications.start();
  self.alerting.start();
  self.writer.start(
      self.config.analytics,
      {.epoch_logged = [&self](std::uint32_t epoch) { self.session.epoch_logged(epoch); },
       .acknowledge = [&self](std::uint32_t epoch, std::size_t n) { self.session.acknowledge(epoch, n); }});
  self.session.start();
  self.log.info("service", "telltale " + std::string(version) + " serves " + self.config.store.path.string() +
                               ", http on port " + std::to_string(self.http.port()));
}

void Service::reload(Config fresh) {
  auto& self = *impl_;
  try {
    self.http.reload_certificate();
  } catch (const proto::ConfigError& error) {
    throw ConfigErrors({error.what()});
  }
  // How topics begin is decided for everything at once, by a start.
  const bool same_topics = fresh.multi_tenant == self.config.multi_tenant;
  fresh.ingest.decoder.multi_tenant = self.config.multi_tenant;
  self.use(fresh.analytics, fresh.ingest.decoder);
  self.writer.reload(fresh.analytics, fresh.ingest.decoder);
  if (same_topics &&
      fresh.mqtt.filters != self.config.mqtt.filters) {  // behind the decoder that understands what they bring
    self.session.set_filters(fresh.mqtt.filters);
    self.config.mqtt.filters = fresh.mqtt.filters;
  }
  self.notifications.reload(with_user_agent(fresh.notify));
  self.channels.use(with_user_agent(fresh.notify));
  self.writer.report({"config-error", false, "the configuration is good"});
  self.note_reload();
  self.log.info("service", "configuration reloaded: " + proto::counted(fresh.analytics.rules.size(), "rule"));
  if (const auto waiting = waiting_for_restart(self.config, fresh); !waiting.empty()) {
    std::string names;
    for (const auto& name : waiting) names += (names.empty() ? "" : ", ") + name;
    self.log.warn("service", "changed, but in force only after a restart: " + names);
  }
}

void Service::reload_failed(const ConfigErrors& errors) {
  for (const auto& problem : errors.problems()) impl_->log.error("config", problem);
  impl_->reload_ok.set(0);
  impl_->writer.report({"config-error", true, "the configuration was not reloaded: " + errors.problems().front()});
}

std::uint64_t Service::tend() {
  auto& self = *impl_;
  if (!self.silent && self.session.status().taken_over) {
    self.silent = true;
    self.publisher.stop(broker::PahoPublisher::Farewell::silent);
  }
  return self.writer.turns();
}

void Service::stop() {
  auto& self = *impl_;
  tend();
  if (!std::exchange(self.running, false)) return;
  self.stopping = true;
  self.live.stop();
  self.replies.stop();
  self.log.info("service", "stopping; this takes at most " + std::to_string(stop_within.count()) + " s");
  const auto begin = self.clock.steady_now();
  const auto end = begin + stop_within;
  const auto left = [&] {
    return std::max(std::chrono::duration_cast<Millis>(end - self.clock.steady_now()), Millis{0});
  };
  self.session.stop_reading();
  self.writer.stop(begin + writer_within);
  self.session.stop(std::min(self.clock.steady_now() + broker::IngestSession::leave_within, end));
  self.alerting.stop(std::min<Millis>(outbox_within, left()));
  self.notifications.stop(std::min<Millis>(notifications_within, left()));
  if (!self.silent) self.publisher.stop(broker::PahoPublisher::Farewell::offline, end);
  self.archive.stop();  // questions had the time until now
  self.trials.stop();
  self.http.stop();
  self.store.stop();
  self.log.info("service", "stopped");
}

}  // namespace telltale::app
