#include "broker/ingest_session_impl.hpp"

#include <random>

#include "broker/mqtt5_encode.hpp"

namespace telltale::broker {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

constexpr auto component = "mqtt";
// A connection that lived this long was a good one: the next back-off starts from its least pause.
constexpr auto proven_after = 5s;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::chrono::milliseconds connect_within(std::chrono::milliseconds keepalive) {
  return std::clamp<std::chrono::milliseconds>(keepalive + keepalive / 2, 2s, 10s);
}

}  // namespace

IngestSession::Impl::Impl(IngestOptions o, const Clock& c, proto::Logger& l, proto::Metrics& metrics, OnItem item,
                          OnSubscribed subscribed_filters)
    : options(std::move(o)),
      clock(c),
      log(l),
      on_item(std::move(item)),
      on_subscribed(std::move(subscribed_filters)),
      broker_name(options.host + ":" + std::to_string(options.port)),
      connected_gauge(
          metrics.gauge("telltale_mqtt_connected", "1 while the broker has our session", {{"broker", broker_name}})),
      caught_up_gauge(metrics.gauge("telltale_mqtt_caught_up", "1 when what the broker kept for us has been read",
                                    {{"broker", broker_name}})),
      window_gauge(metrics.gauge("telltale_queue_depth", "Entries waiting in a queue", {{"queue", "unacknowledged"}})),
      reconnects(metrics.counter("telltale_mqtt_reconnects_total", "Connections after the first")),
      received_bytes(metrics.counter("telltale_mqtt_received_bytes_total", "Bytes read from the broker")),
      qos0_messages(metrics.counter("telltale_qos0_messages_total", "Messages that came with QoS 0: best effort")),
      dropped_by_broker(metrics.counter("telltale_queue_dropped_total", "Entries lost because a queue was full",
                                        {{"queue", "broker"}})),
      backoff(options.backoff_min, options.backoff_max, random_seed()),
      plan(options.filters, options.previous_filters, options.instance),
      takeover(options.nonce, clock.now()),
      window({.messages = options.receive_maximum, .bytes = options.max_unacknowledged_bytes}),
      run(std::to_string(random_seed())) {
  if (options.tls) tls = make_tls_context(options.ca_file, options.cert_file, options.key_file);
  metrics.gauge("telltale_queue_capacity", "Entries that a queue can hold", {{"queue", "unacknowledged"}})
      .set(options.receive_maximum);
}

void IngestSession::Impl::connect() {
  phase = Phase::connecting;
  ++generation;
  keepalive = std::chrono::seconds(options.keepalive_s > 0 ? options.keepalive_s : 15);
  transport = options.tls ? tls_transport(io, *tls) : plain_transport(io);
  reader = std::make_shared<FrameReader>(options.max_frame_bytes);
  deadline_timer.expires_after(connect_within(keepalive));
  deadline_timer.async_wait(of_this_connection([this](const error_code& error) {
    if (!error && phase != Phase::connected) lose("no answer from " + broker_name, Ending::explained);
  }));
  transport->connect(options.host, options.port,
                     of_this_connection([this](const error_code& error) { connected_socket(error); }));
}

void IngestSession::Impl::connected_socket(const error_code& error) {
  if (error) return lose("cannot connect to " + broker_name + ": " + error.message(), Ending::explained);
  phase = Phase::awaiting_connack;
  last_heard = last_sent = last_ping = clock.steady_now();
  encode(mqtt5::Connect{.client_id = options.client_id,
                        .username = options.username,
                        .password = options.password,
                        .keepalive_s = options.keepalive_s,
                        .clean_start = false,
                        .session_expiry_s = options.session_expiry_s,
                        .receive_maximum = options.receive_maximum},
         outgoing);
  flush();
  continue_reading();
}

void IngestSession::Impl::lose(const std::string& reason, Ending ending) {
  const bool was_connected = phase == Phase::connected || phase == Phase::leaving;
  const auto now = clock.steady_now();
  ++generation;
  if (transport) transport->close();
  transport.reset();
  reader.reset();
  round.reset();
  for (auto* timer : {&deadline_timer, &tick_timer, &nap_timer}) timer->cancel();
  outgoing.clear();
  marker.clear();
  write_busy = read_busy = false;
  untaken_bytes = 0;
  window.clear();
  show_window();
  connected_gauge.set(0);
  caught_up_gauge.set(0);
  change_status([&](SessionStatus& s) {
    s.connected = s.subscribed = s.caught_up = false;
    s.problem = reason;
  });
  const Phase lost_in = std::exchange(phase, Phase::idle);
  if (ending == Ending::unexplained && lost_in == Phase::connected) takeover.closed_without_reason(now);
  const bool taken_over = takeover.taken_over(now);
  if (!stopping && !taken_over) say_problem(reason);
  if (was_connected) {
    if (now - connected_at >= proven_after) backoff.reset();
    on_item(Disconnected{epoch, reason});
  }
  if (stopping) return end();
  if (taken_over) return give_up();
  if (!reading_stopped) retry_later();
}

void IngestSession::Impl::give_up() {
  const std::string text = "another instance has taken over the client id '" + options.client_id + "' (service/" +
                           options.instance +
                           "/status carries its nonce); not reconnecting: stop one of the two, or give one another "
                           "mqtt.client_id, then start this one again";
  phase = Phase::given_up;
  log.error(component, text);
  change_status([&](SessionStatus& s) {
    s.taken_over = true;
    s.problem = text;
  });
}

void IngestSession::Impl::retry_later() {
  retry_timer.expires_after(backoff.next());
  retry_timer.async_wait([this](const error_code& error) {
    if (!error && phase == Phase::idle) connect();
  });
}

/// Everything that was acknowledged goes out, then DISCONNECT; the session stays at the broker.
void IngestSession::Impl::leave(Steady deadline) {
  stopping = true;
  take_acknowledgements();
  const bool can_say_goodbye = phase == Phase::connected;
  if (!can_say_goodbye) return finish();
  phase = Phase::leaving;
  mqtt5::encode_disconnect(mqtt5::reason::success, outgoing);
  deadline_timer.expires_at(deadline);
  deadline_timer.async_wait(of_this_connection([this](const error_code& error) {
    if (!error) finish();
  }));
  nap_timer.cancel();
  flush();
}

void IngestSession::Impl::finish() {
  if (transport) return lose("stopped", Ending::explained);
  end();
}

void IngestSession::Impl::end() {
  work.reset();
  io.stop();
}

void IngestSession::Impl::continue_reading() {
  if (!transport || read_busy) return;
  if (phase != Phase::leaving && (reading_stopped || window.full())) return;
  // The receiver still holds what came on earlier connections; until it has reached this one, no more is put on top.
  if (phase == Phase::connected && !round) return;
  read_busy = true;
  // The handler owns the reader: its memory must stay until the read has ended, even when the connection is lost.
  transport->read(reader->writable(), [this, mine = generation, keep = reader](const error_code& error, std::size_t n) {
    if (mine == generation) on_read(error, n);
  });
}

void IngestSession::Impl::nap_then_read() {
  read_busy = true;
  nap_timer.expires_after(options.nap);
  nap_timer.async_wait(of_this_connection([this](const error_code&) {
    read_busy = false;
    continue_reading();
  }));
}

void IngestSession::Impl::on_read(const error_code& error, std::size_t n) {
  read_busy = false;
  if (phase == Phase::leaving) return error ? finish() : continue_reading();  // what comes now is delivered again
  if (error) {
    const bool before_connack = phase == Phase::awaiting_connack;
    return lose(before_connack ? broker_name + " closed the connection instead of answering CONNECT"
                               : "connection to " + broker_name + " lost: " + error.message(),
                Ending::unexplained);
  }
  last_heard = clock.steady_now();
  received_bytes.add(n);
  reader->appended(n);
  untaken_bytes += n;
  if (transport->more_at_hand() && untaken_bytes < FrameReader::read_bytes / 2) return continue_reading();
  const bool more_in_socket = untaken_bytes >= FrameReader::read_bytes;
  untaken_bytes = 0;
  auto frames = reader->take();
  if (!frames) return break_off(frames.error());
  const bool busy = frames->frames.size() > 1;
  const auto mine = generation;
  handle(std::move(*frames));
  if (mine != generation) return;
  window.acknowledge(0, outgoing);
  show_window();
  flush();
  if (busy && !more_in_socket) return nap_then_read();
  continue_reading();
}

void IngestSession::Impl::flush() {
  if (write_busy || !transport) return;
  if (outgoing.empty()) {
    // The peer ends the connection after DISCONNECT; reading on until then keeps unread bytes from resetting it.
    if (phase == Phase::leaving) {
      transport->finish_writing();
      continue_reading();
    }
    return;
  }
  write_busy = true;
  last_sent = clock.steady_now();
  const auto bytes = std::make_shared<const std::string>(std::move(outgoing));
  outgoing.clear();
  transport->write(*bytes, [this, mine = generation, bytes](const error_code& error) {
    if (mine != generation) return;
    write_busy = false;
    // The read says why the connection ended, if the broker told us.
    if (error && !read_busy)
      return lose("connection to " + broker_name + " lost: " + error.message(), Ending::unexplained);
    if (!error) flush();
  });
}

void IngestSession::Impl::schedule_tick() {
  tick_timer.expires_after(std::max<std::chrono::milliseconds>(keepalive / 4, 10ms));
  tick_timer.async_wait(of_this_connection([this](const error_code& error) {
    if (!error) tick();
  }));
}

void IngestSession::Impl::tick() {
  const auto now = clock.steady_now();
  if (!read_busy) last_heard = now;  // we do not listen: silence means nothing
  if (now - last_heard > keepalive + keepalive / 2) {
    return lose("nothing heard from " + broker_name + " for 1.5 times the keepalive", Ending::explained);
  }
  const bool quiet = now - last_sent >= keepalive / 2 || now - last_heard >= keepalive / 2;
  if (phase == Phase::connected && quiet && now - last_ping >= keepalive / 2) {
    last_ping = now;
    mqtt5::encode_pingreq(outgoing);
    flush();
  }
  schedule_tick();
}

void IngestSession::Impl::take_acknowledgements() {
  const std::uint64_t word = acknowledged.exchange(0, std::memory_order_acq_rel);
  if (phase != Phase::connected || static_cast<std::uint32_t>(word >> 32) != epoch) return;
  window.acknowledge(static_cast<std::uint32_t>(word), outgoing);
  show_window();
  flush();
  continue_reading();
}

void IngestSession::Impl::show_window() { window_gauge.set(static_cast<double>(window.size())); }

void IngestSession::Impl::say_problem(const std::string& text) {
  if (text == said_problem) return;
  said_problem = text;
  log.warn(component, text);
}

}  // namespace telltale::broker
