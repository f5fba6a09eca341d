#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::broker {

/// One PUBLISH, in place in its slab. payload.data()[payload.size()] is a writable byte of the slab.
struct InboundMessage {
  std::string_view topic;
  char* payload;
  std::uint32_t payload_size;   // bytes present here
  std::uint32_t original_size;  // > payload_size when the frame was over the limit and only its first KB was kept
  std::uint16_t packet_id;      // 0 for QoS 0
  std::uint16_t filter;         // the ranked filters before this place had copies of their own; 0xFFFF unknown
  std::uint8_t qos;
  bool dup;
  bool retain;  // RETAIN=1: a copy sent at subscribe (retain-as-published is off)
};

using Slab = std::shared_ptr<std::vector<char>>;

/// Messages of one connection in arrival order, with the memory they lie in.
struct Arrivals {
  std::uint32_t epoch;
  Timestamp received;
  std::vector<InboundMessage> messages;
  std::vector<Slab> slabs;
};
/// CONNACK came. SUBSCRIBE is sent after epoch_logged(epoch).
struct Connected {
  std::uint32_t epoch;
  bool session_present;
};
struct Disconnected {
  std::uint32_t epoch;
  std::string reason;
};
/// Our own marker came back behind the backlog (design 3, "Caught up").
struct CaughtUp {
  std::uint32_t epoch;
};
/// Other filters rank than before (others are wanted, or the broker refuses one): from the next message on,
/// InboundMessage::filter is a place in this list. Before the first of these it is one in IngestOptions::filters.
struct RankedFilters {
  std::vector<std::string> filters;
};
using SessionItem = std::variant<Arrivals, Connected, Disconnected, CaughtUp, RankedFilters>;

struct SessionStatus {
  bool connected = false;
  bool subscribed = false;  // every SUBACK as asked
  bool caught_up = false;
  bool taken_over = false;
  std::string problem;  // "" = none; for /readyz
};

struct IngestOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file, cert_file, key_file;  // PEM; "" = system CA / none
  std::string username, password;
  std::string client_id = "telltale";
  std::string instance = "telltale";          // service/{instance}/status and /marker
  std::string nonce;                          // ours, as published in service/{instance}/status by the publisher
  std::vector<std::string> filters;           // in the order of the configuration
  std::vector<std::string> previous_filters;  // durable list of what was subscribed before
  std::uint32_t session_expiry_s = 7 * 24 * 3600;
  std::uint16_t receive_maximum = 20000;
  std::uint16_t keepalive_s = 15;
  std::uint32_t max_frame_bytes = 256 * 1024;  // larger frames are streamed past; the first KB is kept
  std::uint64_t max_unacknowledged_bytes = 64ull << 20;
  Millis nap{1};
  Millis backoff_min{500};
  Millis backoff_max{30'000};
};

/// Our end of the MQTT 5 connection that feeds the log: acknowledges a PUBLISH only when told that it is durable.
/// Threads: start() runs an own io thread; `on_item` is called on it, in arrival order, and must not block
///          (the unacknowledged window bounds what can be queued). Other members may be called from any thread.
/// Errors:  network and protocol errors end the connection and it is made anew with back-off and full jitter;
///          they are said once each in the log, counted, and shown in status().
/// Loss:    none at QoS 1: what is not acknowledged is delivered again by the broker.
class IngestSession {
 public:
  using OnItem = std::function<void(SessionItem)>;
  /// The filters that the broker has now; to be kept durably and given back as previous_filters.
  using OnSubscribed = std::function<void(std::vector<std::string>)>;

  IngestSession(IngestOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics, OnItem on_item,
                OnSubscribed on_subscribed);
  ~IngestSession();

  void start();
  /// The SessionEpoch event of this connection is in the log.
  void epoch_logged(std::uint32_t epoch);
  /// The next `count` messages of this epoch, in arrival order and QoS 0 included, are durable (or need no storing).
  /// PUBACKs go out in that order, many in one write. Ignored when the epoch is not the present connection.
  void acknowledge(std::uint32_t epoch, std::size_t count);
  /// Other filters are wanted, in the order of the configuration: new ones are subscribed, then those that went are
  /// unsubscribed, on the present connection and again after every CONNACK. Otherwise the session stays as it is.
  void set_filters(std::vector<std::string> filters);
  /// Stops reading; whatever was handed on may still be acknowledged.
  void stop_reading();
  /// Sends what is to be sent, DISCONNECT, and ends the io thread, by `deadline` whatever the broker does. Never
  /// unsubscribes.
  void stop(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() + leave_within);
  static constexpr std::chrono::seconds leave_within{2};
  [[nodiscard]] SessionStatus status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::broker
