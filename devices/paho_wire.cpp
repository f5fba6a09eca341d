#include "devices/paho_wire.hpp"

#include <mqtt/async_client.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "devices/cables.hpp"

namespace telltale::devices {
namespace {

using namespace std::chrono_literals;

constexpr int max_waiting_messages = 1000;

mqtt::create_options create_options() {
  mqtt::create_options options;
  options.set_send_while_disconnected(false);  // a device keeps its own rows
  options.set_max_buffered_messages(max_waiting_messages);
  return options;
}

std::string refusal(const mqtt::token& token) {
  switch (const int code = token.get_return_code()) {  // MQTT 3.1.1 section 3.2.2.3; Paho's own errors are below 0
    case 1:
      return "the broker does not speak MQTT 3.1.1";
    case 2:
      return "the broker refuses the client id";
    case 3:
      return "the broker is not available";
    case 4:
      return "the broker refuses user name or password";
    case 5:
      return "not authorized";
    default:
      return code > 0 ? "refused with code " + std::to_string(code) : "the broker cannot be reached, or not by TLS";
  }
}

}  // namespace

struct PahoWire::Impl {
  enum class State { idle, opening, open, closing };

  /// Paho calls one of these on its own thread for each token.
  struct ConnectListener : mqtt::iaction_listener {
    explicit ConnectListener(Impl& impl) : owner(impl) {}
    void on_success(const mqtt::token&) override { owner.enter(State::opening, State::open, WireEvent::Kind::opened); }
    void on_failure(const mqtt::token& token) override {
      owner.enter(State::opening, State::idle, WireEvent::Kind::lost, refusal(token));
    }
    Impl& owner;
  };
  struct CloseListener : mqtt::iaction_listener {
    explicit CloseListener(Impl& impl) : owner(impl) {}
    void on_success(const mqtt::token&) override { owner.closed(); }
    void on_failure(const mqtt::token&) override { owner.closed(); }
    Impl& owner;
  };
  struct SendListener : mqtt::iaction_listener {
    explicit SendListener(Impl& impl) : owner(impl) {}
    void on_success(const mqtt::token& token) override { owner.note(token, WireEvent::Kind::delivered); }
    void on_failure(const mqtt::token& token) override { owner.note(token, WireEvent::Kind::failed); }
    Impl& owner;
  };

  explicit Impl(PahoWireOptions o, std::uint16_t cable)
      : options(std::move(o)),
        cable_port(cable),
        client(cable != 0 ? "tcp://127.0.0.1:" + std::to_string(cable) : options.broker.paho_uri(), options.client_id,
               create_options()) {
    client.set_connection_lost_handler(
        [this](const std::string&) { enter(State::open, State::idle, WireEvent::Kind::lost); });
    client.set_message_callback([this](const mqtt::const_message_ptr& message) {
      const std::lock_guard lock(mutex);
      happened({WireEvent::Kind::arrived,
                0,
                {message->get_topic(), message->to_string(), message->get_qos(), message->is_retained()}});
    });
  }

  void enter(State from, State to, WireEvent::Kind event, std::string reason = {}) {
    const std::lock_guard lock(mutex);
    if (state != from) return;
    state = to;
    happened({event, 0, {}, std::move(reason)});
  }
  void closed() {
    const std::lock_guard lock(mutex);
    if (state == State::closing) state = State::idle;
    news = true;
    changed.notify_all();
  }
  void note(const mqtt::token& token, WireEvent::Kind kind) {
    const auto ticket = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
    const std::lock_guard lock(mutex);
    happened({kind, ticket});
  }
  void happened(WireEvent event) {
    events.push_back(std::move(event));
    news = true;
    changed.notify_all();
  }

  PahoWireOptions options;
  std::uint16_t cable_port;
  mutable std::mutex mutex;  // guards what follows; never held while calling Paho
  std::condition_variable changed;
  bool news = false;  // since the last wait()
  State state = State::idle;
  std::vector<WireEvent> events;
  ConnectListener on_connect{*this};
  CloseListener on_close{*this};
  SendListener on_send{*this};
  mqtt::async_client client;  // last: ends before what its callbacks use
};

PahoWire::PahoWire(PahoWireOptions options) {
  const std::uint16_t cable = options.cables ? options.cables->lay() : std::uint16_t{0};
  impl_ = std::make_unique<Impl>(std::move(options), cable);
}

PahoWire::~PahoWire() = default;

void PahoWire::open(const Message& will) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->state != Impl::State::idle) {
      impl_->happened({WireEvent::Kind::lost, 0});
      return;
    }
    impl_->state = Impl::State::opening;
  }
  mqtt::connect_options connect;
  // Said explicitly: with the default, Paho C 1.3.12 answers a lost connection with one of its own, as MQTT 3.1.
  connect.set_mqtt_version(MQTTVERSION_3_1_1);
  connect.set_clean_session(true);
  connect.set_keep_alive_interval(impl_->options.keepalive_s);
  connect.set_connect_timeout(5s);
  connect.set_automatic_reconnect(false);
  if (!will.topic.empty())
    connect.set_will_message(mqtt::make_message(will.topic, will.payload, will.qos, will.retain));
  const auto& credentials = impl_->options.credentials;
  if (!credentials.username.empty()) {
    connect.set_user_name(credentials.username);
    connect.set_password(credentials.password);
  }
  if (impl_->options.broker.tls) {
    mqtt::ssl_options ssl;
    if (!credentials.ca_file.empty()) ssl.set_trust_store(credentials.ca_file);
    if (!credentials.cert_file.empty()) {
      ssl.set_key_store(credentials.cert_file);
      ssl.set_private_key(credentials.key_file);
    }
    ssl.set_enable_server_cert_auth(true);
    ssl.set_verify(true);
    connect.set_ssl(ssl);
  }
  try {
    impl_->client.connect(connect, nullptr, impl_->on_connect);
  } catch (const mqtt::exception& error) {
    impl_->enter(Impl::State::opening, Impl::State::idle, WireEvent::Kind::lost, error.what());
  }
}

bool PahoWire::send(const Message& message, std::uint64_t ticket) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->state != Impl::State::open) return false;
  }
  try {
    auto* context = reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
    impl_->client.publish(mqtt::make_message(message.topic, message.payload, message.qos, message.retain), context,
                          impl_->on_send);
    return true;
  } catch (const mqtt::exception&) {
    return false;
  }
}

void PahoWire::subscribe(const std::vector<std::string>& filters) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->state != Impl::State::open) return;
  }
  try {
    const auto wanted = std::make_shared<mqtt::string_collection>(filters);
    impl_->client.subscribe(wanted, mqtt::iasync_client::qos_collection(filters.size(), 1));
  } catch (const mqtt::exception&) {
    return;  // the connection has gone; that is told, and the next one subscribes again
  }
}

void PahoWire::close() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->state == Impl::State::idle) return;
    impl_->state = Impl::State::closing;
  }
  try {
    constexpr int drain_ms = 1000;
    impl_->client.disconnect(drain_ms, nullptr, impl_->on_close);
  } catch (const mqtt::exception&) {
    impl_->closed();
  }
}

void PahoWire::cut() {
  if (impl_->options.cables) impl_->options.cables->cut(impl_->cable_port);
}

std::vector<WireEvent> PahoWire::take_events() {
  const std::lock_guard lock(impl_->mutex);
  return std::exchange(impl_->events, {});
}

void PahoWire::wait(Millis timeout) {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, timeout, [this] { return impl_->news; });
  impl_->news = false;
}

bool PahoWire::idle() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state == Impl::State::idle;
}

}  // namespace telltale::devices
