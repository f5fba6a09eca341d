#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "broker/backoff.hpp"
#include "broker/frame_reader.hpp"
#include "broker/ingest_session.hpp"
#include "broker/subscription_plan.hpp"
#include "broker/subscription_round.hpp"
#include "broker/takeover_watch.hpp"
#include "broker/transport.hpp"
#include "broker/unacknowledged_window.hpp"

namespace telltale::broker {

/// Everything lives on the io thread except what is marked.
struct IngestSession::Impl {
  enum class Phase { idle, connecting, awaiting_connack, connected, leaving, given_up };
  /// Whether the peer told us why it ended the connection, or we did it.
  enum class Ending { explained, unexplained };
  using Steady = std::chrono::steady_clock::time_point;

  Impl(IngestOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics, OnItem on_item,
       OnSubscribed on_subscribed);

  // Life of a connection: ingest_session_impl.cpp
  void connect();
  void connected_socket(const boost::system::error_code& error);
  void lose(const std::string& reason, Ending ending);
  void give_up();
  void retry_later();
  void leave(Steady deadline);
  void finish();
  void end();
  void continue_reading();
  void nap_then_read();
  void on_read(const boost::system::error_code& error, std::size_t n);
  void flush();
  void schedule_tick();
  void tick();
  void take_acknowledgements();
  void show_window();
  void say_problem(const std::string& text);
  template <class Change>
  void change_status(Change&& change) {
    const std::lock_guard lock(status_mutex);
    change(status);
  }
  /// Wraps a handler so that it does nothing once its connection has gone.
  template <class Handler>
  auto of_this_connection(Handler handler) {
    return [this, mine = generation, handler = std::move(handler)](auto&&... arguments) mutable {
      if (mine == generation) handler(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  // What the packets mean: ingest_session_protocol.cpp
  void handle(Frames frames);
  void on_frame(const Frame& frame, Arrivals& arrivals);
  void on_connack(const Frame& frame, Arrivals& arrivals);
  void on_publish(const Frame& frame, Arrivals& arrivals);
  void on_own_message(SubscriptionPlan::Role role, std::string_view payload, const mqtt5::Publish& publish,
                      Arrivals& arrivals);
  void on_suback(const Frame& frame, Arrivals& arrivals);
  void on_unsuback(const Frame& frame, Arrivals& arrivals);
  void on_puback(const Frame& frame);
  void on_disconnect(const Frame& frame);
  void on_dropped_counter(std::string_view payload);
  void subscribe();
  void subscribed();
  void note_subscriptions();
  void change_filters();
  void ask_round(SubscriptionRound::Settled settled);
  void publish_marker();
  void hand_on(Arrivals& arrivals);
  void break_off(mqtt5::WireError error);

  const IngestOptions options;
  const Clock& clock;
  proto::Logger& log;
  const OnItem on_item;
  const OnSubscribed on_subscribed;
  const std::string broker_name;
  proto::Gauge& connected_gauge;
  proto::Gauge& caught_up_gauge;
  proto::Gauge& window_gauge;
  proto::Counter& reconnects;
  proto::Counter& received_bytes;
  proto::Counter& qos0_messages;
  proto::Counter& dropped_by_broker;

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work = boost::asio::make_work_guard(io);
  std::optional<boost::asio::ssl::context> tls;
  boost::asio::steady_timer retry_timer{io}, deadline_timer{io}, tick_timer{io}, nap_timer{io};
  Backoff backoff;
  SubscriptionPlan plan;
  std::optional<std::vector<std::string>> wanted_filters;  // to be put in force when the broker has answered all
  TakeoverWatch takeover;
  UnacknowledgedWindow window;

  Phase phase = Phase::idle;
  std::uint64_t generation = 0;  // of transports, successful or not
  std::uint32_t epoch = 0;       // of connections that the broker accepted
  std::shared_ptr<Transport> transport;
  std::shared_ptr<FrameReader> reader;
  std::optional<SubscriptionRound> round;
  mqtt5::Connack connack;       // reason_string is not kept
  std::string session_problem;  // what the CONNACK lacks
  std::string marker;           // payload that is awaited
  std::uint32_t marker_epoch = 0;
  std::string outgoing;  // not yet given to the transport
  bool write_busy = false;
  bool read_busy = false;  // a read or a nap is under way
  bool reading_stopped = false;
  bool stopping = false;
  std::size_t untaken_bytes = 0;
  Steady last_heard{}, last_sent{}, last_ping{}, connected_at{};
  std::chrono::milliseconds keepalive{0};
  std::string said_problem;
  std::optional<std::uint64_t> dropped_before;
  bool drops_said = false;
  const std::string run;  // makes markers of two runs differ

  std::atomic<std::uint64_t> acknowledged{0};  // any thread: epoch << 32 | count, not yet taken
  mutable std::mutex status_mutex;
  SessionStatus status;  // under status_mutex
  std::jthread thread;
};

}  // namespace telltale::broker
