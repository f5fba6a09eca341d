#include "broker/paho_publisher.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <variant>

#include "broker/backoff.hpp"
#include "broker/mqtt5.hpp"
#include "broker/reachability.hpp"

namespace telltale::broker {
namespace {

using namespace std::chrono_literals;

constexpr auto component = "publisher";
constexpr auto connect_within = 5s;
constexpr auto farewell_within = 2s;
// User contexts of what is not the caller's.
constexpr std::uint64_t own_message = 0;
constexpr std::uint64_t farewell_message = std::numeric_limits<std::uint64_t>::max();

struct ConnectDone {
  std::string error;      // "" = connected
  bool explained = true;  // the broker, or Paho, says more than that it failed
};
struct ConnectionLost {
  std::string cause;
};
struct PublishDone {
  std::uint64_t number;
  bool ok;
};
struct SubscribeDone {
  bool ok;
};
struct MessageArrived {
  std::string topic, payload;
  bool retained;
};
struct StopAsked {};
using Happening = std::variant<ConnectDone, ConnectionLost, PublishDone, SubscribeDone, MessageArrived, StopAsked>;

/// From Paho's threads to ours. Bounded by what is in flight and by the retained messages of one subscribe.
class Happenings {
 public:
  void push(Happening happening) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(happening));
    }
    arrived_.notify_one();
  }
  std::optional<Happening> pop_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, deadline, [this] { return !queue_.empty(); })) return std::nullopt;
    Happening next = std::move(queue_.front());
    queue_.pop_front();
    return next;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Happening> queue_;
};

/// Paho's callbacks; they run on its threads and only push.
class Listener final : public mqtt::callback {
 public:
  explicit Listener(Happenings& happenings) : happenings_(happenings) {}
  void connection_lost(const std::string& cause) override { happenings_.push(ConnectionLost{cause}); }
  void message_arrived(mqtt::const_message_ptr message) override {
    happenings_.push(MessageArrived{message->get_topic(), message->to_string(), message->is_retained()});
  }

 private:
  Happenings& happenings_;
};

template <class OnDone>
class Completion final : public mqtt::iaction_listener {
 public:
  explicit Completion(OnDone on_done) : on_done_(std::move(on_done)) {}
  void on_success(const mqtt::token& token) override { on_done_(token, true); }
  void on_failure(const mqtt::token& token) override { on_done_(token, false); }

 private:
  OnDone on_done_;
};

std::string failure_text(const mqtt::token& token) {
  const auto reason = static_cast<std::uint8_t>(token.get_reason_code());
  if (reason >= 0x80) return std::string(mqtt5::reason_text(reason));
  const int code = token.get_return_code();  // Paho C gives a refusal's reason here, its own errors are below 0
  if (code >= 0x80 && code <= 0xff) return std::string(mqtt5::reason_text(static_cast<std::uint8_t>(code)));
  return mqtt::exception::error_str(code);
}

/// The class level of an output topic (contracts 1), with or without a tenant before it. A closed list: it is a label.
std::string_view class_of(std::string_view topic) {
  constexpr std::string_view classes[] = {"alerts",  "alert-state",   "presence", "aggregates", "rollup", "errors",
                                          "service", "control-reply", "live",     "cmd",        "config"};
  for (int level = 0; level < 2; ++level) {
    const auto slash = topic.find('/');
    for (const auto name : classes) {
      if (topic.substr(0, slash) == name) return name;
    }
    if (slash == std::string_view::npos) break;
    topic.remove_prefix(slash + 1);
  }
  return "other";
}

}  // namespace

struct PahoPublisher::Impl {
  struct Sent {
    std::uint64_t token;
    std::string_view topic_class;
    std::function<void(bool)> done = {};  // instead of the handlers
  };
  Impl(PublisherOptions o, const Clock& c, proto::Logger& l, proto::Metrics& m);

  void run(const std::stop_token& stop);
  void begin_connect();
  void handle(const ConnectDone& done);
  void handle(const ConnectionLost& lost);
  void handle(const PublishDone& done);
  void handle(const SubscribeDone& done);
  void handle(const MessageArrived& message);
  void handle(const StopAsked&) {}
  void read_retained();
  void retained_read();
  void fail_all();
  void tell(const Sent& sent, bool ok);
  bool send(const proto::Outgoing& message, Sent sent);
  void say_goodbye();
  [[nodiscard]] std::chrono::steady_clock::time_point farewell_until() const;
  void wait_for(const std::function<bool()>& done);
  void publish_own(const std::string& topic, const std::string& payload, bool retain, std::uint64_t number);
  [[nodiscard]] mqtt::connect_options connect_options() const;
  [[nodiscard]] std::string status(std::string_view state) const;
  void say_problem(const std::string& text);
  proto::Counter& published(std::string_view topic_class, bool ok);

  const PublisherOptions options;
  const Clock& clock;
  proto::Logger& log;
  proto::Metrics& metrics;
  const std::string broker_name, status_topic, end_topic;
  Handlers handlers;
  std::vector<std::string> retained_filters;

  Happenings happenings;
  Listener listener{happenings};
  Completion<std::function<void(const mqtt::token&, bool)>> on_connect{[this](const mqtt::token& token, bool ok) {
    happenings.push(ConnectDone{ok ? "" : failure_text(token),
                                token.get_return_code() != MQTTASYNC_FAILURE || token.get_reason_code() >= 0x80});
  }};
  Completion<std::function<void(const mqtt::token&, bool)>> on_subscribe{
      [this](const mqtt::token&, bool ok) { happenings.push(SubscribeDone{ok}); }};
  Completion<std::function<void(const mqtt::token&, bool)>> on_publish{[this](const mqtt::token& token, bool ok) {
    happenings.push(PublishDone{reinterpret_cast<std::uint64_t>(token.get_user_context()), ok});
  }};
  mqtt::async_client client;

  std::mutex in_flight_mutex;
  std::unordered_map<std::uint64_t, Sent> in_flight;  // under its mutex, by number
  std::atomic<std::uint64_t> last_number = own_message;

  Backoff backoff;
  std::atomic<bool> is_connected{false};
  bool reading_retained = false;
  bool farewell_sent = false;
  bool connecting = false;
  std::uint64_t connections = 0;
  std::string end_payload;
  std::chrono::steady_clock::time_point connect_at{};
  std::string said_problem, said_failure;
  std::map<std::pair<std::string_view, bool>, proto::Counter*> counters;  // worker's thread
  std::atomic<Farewell> farewell{Farewell::offline};
  std::chrono::steady_clock::time_point stop_by{};  // written before the stop is requested
  std::jthread thread;
};

PahoPublisher::Impl::Impl(PublisherOptions o, const Clock& c, proto::Logger& l, proto::Metrics& m)
    : options(std::move(o)),
      clock(c),
      log(l),
      metrics(m),
      broker_name(options.host + ":" + std::to_string(options.port)),
      status_topic("service/" + options.instance + "/status"),
      end_topic("service/" + options.instance + "/retained-end"),
      client((options.tls ? "ssl://" : "tcp://") + broker_name, options.client_id + "-pub",
             mqtt::create_options(MQTTVERSION_5), nullptr),
      backoff(options.backoff_min, options.backoff_max, std::random_device{}()) {
  client.set_callback(listener);
}

std::string PahoPublisher::Impl::status(std::string_view state) const {
  return R"({"state":")" + std::string(state) + R"(","version":")" + options.version + R"(","ts":)" +
         std::to_string(to_ms(clock.now())) + R"(,"nonce":")" + options.nonce + R"("})";
}

mqtt::connect_options PahoPublisher::Impl::connect_options() const {
  mqtt::connect_options connect;
  connect.set_mqtt_version(MQTTVERSION_5);
  connect.set_clean_start(true);
  connect.set_keep_alive_interval(options.keepalive_s);
  connect.set_connect_timeout(connect_within);
  connect.set_max_inflight(static_cast<int>(options.max_in_flight) + 1);
  connect.set_automatic_reconnect(false);  // Paho's starts only after a first success; ours covers both
  const mqtt::properties json{{mqtt::property::CONTENT_TYPE, "application/json"}};
  connect.set_will(mqtt::will_options(status_topic, mqtt::binary_ref(status("offline")), 1, true, json));
  if (!options.username.empty()) connect.set_user_name(options.username);
  if (!options.password.empty()) connect.set_password(options.password);
  if (options.tls) {
    mqtt::ssl_options tls;
    if (!options.ca_file.empty()) tls.set_trust_store(options.ca_file);
    if (!options.cert_file.empty()) tls.set_key_store(options.cert_file);
    if (!options.key_file.empty()) tls.set_private_key(options.key_file);
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);  // the host name too
    connect.set_ssl(tls);
  }
  return connect;
}

void PahoPublisher::Impl::run(const std::stop_token& stop) {
  begin_connect();
  while (!stop.stop_requested()) {
    const auto idle_until = std::chrono::steady_clock::now() + 1h;
    const bool waiting_to_connect = !is_connected && !connecting;
    const auto happening = happenings.pop_until(waiting_to_connect ? connect_at : idle_until);
    if (happening) {
      std::visit([this](const auto& h) { handle(h); }, *happening);
    } else if (waiting_to_connect) {
      begin_connect();
    }
  }
  say_goodbye();
}

void PahoPublisher::Impl::begin_connect() {
  try {
    connecting = true;
    client.connect(connect_options(), nullptr, on_connect);
  } catch (const mqtt::exception& error) {
    handle(ConnectDone{error.what()});
  }
}

void PahoPublisher::Impl::handle(const ConnectDone& done) {
  if (!std::exchange(connecting, false)) return;  // Paho C++ 1.2.0 tells this success twice
  if (!done.error.empty()) {
    // Asked once for a row of failures: the answer may change while the broker starts.
    if (std::exchange(said_failure, done.error) != done.error) {
      say_problem("cannot connect to " + broker_name + ": " +
                  (done.explained ? done.error : why_unreachable(options.host, options.port, options.tls)));
    }
    connect_at = std::chrono::steady_clock::now() + backoff.next();
    return;
  }
  ++connections;
  backoff.reset();
  said_problem.clear();
  said_failure.clear();
  is_connected = true;
  publish_own(status_topic, status("online"), true, own_message);
  log.info(component, "connected to " + broker_name);
  if (handlers.connected) handlers.connected();
  read_retained();
}

void PahoPublisher::Impl::handle(const ConnectionLost& lost) {
  if (!is_connected.exchange(false)) return;
  say_problem("connection to " + broker_name + " lost" + (lost.cause.empty() ? "" : ": " + lost.cause));
  reading_retained = false;
  fail_all();
  if (handlers.disconnected) handlers.disconnected();
  connect_at = std::chrono::steady_clock::now() + backoff.next();
}

void PahoPublisher::Impl::handle(const PublishDone& done) {
  if (done.number == farewell_message) farewell_sent = true;
  std::optional<Sent> sent;
  {
    const std::lock_guard lock(in_flight_mutex);
    if (const auto found = in_flight.find(done.number); found != in_flight.end()) {
      sent = std::move(found->second);
      in_flight.erase(found);
    }
  }
  if (!sent) return;  // our own, or already told as failed when the connection went
  tell(*sent, done.ok);
}

void PahoPublisher::Impl::tell(const Sent& sent, bool ok) {
  published(sent.topic_class, ok).add();
  if (sent.done) return sent.done(ok);
  const auto& handler = ok ? handlers.delivered : handlers.failed;
  if (handler) handler(sent.token);
}

void PahoPublisher::Impl::fail_all() {
  std::unordered_map<std::uint64_t, Sent> gone;
  {
    const std::lock_guard lock(in_flight_mutex);
    gone.swap(in_flight);
  }
  for (const auto& [number, sent] : gone) tell(sent, false);
}

/// Subscribes, and when that is granted sends a message to itself: it comes behind the retained copies (4.6).
void PahoPublisher::Impl::read_retained() {
  if (retained_filters.empty()) return retained_read();
  const auto filters = std::make_shared<mqtt::string_collection>(retained_filters);
  filters->push_back(end_topic);
  reading_retained = true;
  try {
    client.subscribe(filters, mqtt::iasync_client::qos_collection(filters->size(), 1), nullptr, on_subscribe);
  } catch (const mqtt::exception&) {
    handle(SubscribeDone{false});
  }
}

void PahoPublisher::Impl::handle(const SubscribeDone& done) {
  if (!reading_retained) return;
  if (!done.ok) {
    log.warn(component, "the broker does not let us read our retained topics");
    return retained_read();
  }
  end_payload = options.nonce + "-" + std::to_string(connections);
  publish_own(end_topic, end_payload, false, own_message);
}

void PahoPublisher::Impl::handle(const MessageArrived& message) {
  if (!reading_retained) return;
  if (message.topic == end_topic) {
    if (message.payload != end_payload) return;
    const auto filters = std::make_shared<mqtt::string_collection>(retained_filters);
    filters->push_back(end_topic);
    try {
      client.unsubscribe(filters);
    } catch (const mqtt::exception& error) {
      log.debug(component, std::string("unsubscribe: ") + error.what());  // the connection has gone; it is told
    }
    return retained_read();
  }
  if (message.retained && handlers.retained) handlers.retained(message.topic, message.payload);
}

void PahoPublisher::Impl::retained_read() {
  reading_retained = false;
  if (handlers.retained_complete) handlers.retained_complete();
}

void PahoPublisher::Impl::publish_own(const std::string& topic, const std::string& payload, bool retain,
                                      std::uint64_t number) {
  const mqtt::properties json{{mqtt::property::CONTENT_TYPE, "application/json"}};
  try {
    client.publish(mqtt::message::create(topic, payload, 1, retain, json), reinterpret_cast<void*>(number), on_publish);
  } catch (const mqtt::exception& error) {
    log.debug(component, "publish to " + topic + ": " + error.what());  // the connection has gone; it is told
  }
}

void PahoPublisher::Impl::say_goodbye() {
  if (is_connected.exchange(false)) {
    wait_for([this] {
      const std::lock_guard lock(in_flight_mutex);
      return in_flight.empty();
    });
    if (farewell == Farewell::offline) {
      publish_own(status_topic, status("offline"), true, farewell_message);
      wait_for([this] { return farewell_sent; });
    }
    try {
      client.disconnect()->wait_until(farewell_until());
    } catch (const mqtt::exception& error) {
      log.debug(component, std::string("disconnect: ") + error.what());
    }
  }
  fail_all();
}

std::chrono::steady_clock::time_point PahoPublisher::Impl::farewell_until() const {
  return std::min(std::chrono::steady_clock::now() + farewell_within, stop_by);
}

/// Goes on with what comes from Paho until `done`, the connection goes, or the time for this is over.
void PahoPublisher::Impl::wait_for(const std::function<bool()>& done) {
  const auto deadline = farewell_until();
  while (!done()) {
    const auto happening = happenings.pop_until(deadline);
    if (!happening || std::holds_alternative<ConnectionLost>(*happening)) return;
    if (const auto* sent = std::get_if<PublishDone>(&*happening)) handle(*sent);
  }
}

void PahoPublisher::Impl::say_problem(const std::string& text) {
  if (text == said_problem) return;
  said_problem = text;
  log.warn(component, text);
}

proto::Counter& PahoPublisher::Impl::published(std::string_view topic_class, bool ok) {
  auto& counter = counters[{topic_class, ok}];
  if (!counter) {
    counter = &metrics.counter("telltale_mqtt_messages_published_total", "Messages given to the publisher",
                               {{"class", std::string(topic_class)}, {"result", ok ? "ok" : "failed"}});
  }
  return *counter;
}

PahoPublisher::PahoPublisher(PublisherOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), clock, log, metrics)) {}

PahoPublisher::~PahoPublisher() { stop(); }

void PahoPublisher::set_handlers(Handlers handlers) { impl_->handlers = std::move(handlers); }

void PahoPublisher::watch_retained(std::vector<std::string> filters) { impl_->retained_filters = std::move(filters); }

void PahoPublisher::start() {
  impl_->thread = std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->run(stop); });
}

bool PahoPublisher::Impl::send(const proto::Outgoing& message, Sent sent) {
  if (!is_connected) return false;
  const std::uint64_t number = ++last_number;
  {
    const std::lock_guard lock(in_flight_mutex);
    if (in_flight.size() >= options.max_in_flight) return false;
    in_flight.emplace(number, std::move(sent));
  }
  mqtt::properties properties{{mqtt::property::CONTENT_TYPE, "application/json"}};
  if (message.expiry_s) {
    properties.add({mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(*message.expiry_s)});
  }
  try {
    client.publish(mqtt::message::create(message.topic, message.payload, message.qos, message.retain, properties),
                   reinterpret_cast<void*>(number), on_publish);
    return true;
  } catch (const mqtt::exception&) {
    const std::lock_guard lock(in_flight_mutex);
    // When the connection went meanwhile, this message has been told as failed: then it was taken.
    return in_flight.erase(number) == 0;
  }
}

bool PahoPublisher::send(const proto::Outgoing& message, std::uint64_t token) {
  return impl_->send(message, {token, class_of(message.topic)});
}

bool PahoPublisher::publish(const proto::Outgoing& message, std::function<void(bool)> done) {
  return impl_->send(message, {0, class_of(message.topic), std::move(done)});
}

bool PahoPublisher::connected() const { return impl_->is_connected; }

void PahoPublisher::stop(Farewell farewell, std::chrono::steady_clock::time_point deadline) {
  if (!impl_->thread.joinable()) return;
  impl_->farewell = farewell;
  impl_->stop_by = deadline;
  impl_->thread.request_stop();
  impl_->happenings.push(StopAsked{});
  impl_->thread.join();
}

}  // namespace telltale::broker
