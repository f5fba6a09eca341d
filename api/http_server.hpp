#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/http_message.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::api {

struct HttpOptions {
  std::string host = "127.0.0.1";  // a numeric address
  std::uint16_t port = 8080;       // 0 = any free one
  std::string cert_file = {};      // PEM; "" = plain HTTP, else HTTPS and nothing else
  std::string key_file = {};       // PEM
  std::size_t max_connections = 256;
  std::size_t workers = 2;       // threads for routes that may read files
  std::size_t max_waiting = 64;  // requests that wait for such a thread; more are told 503
  std::uint32_t max_header_bytes = 16 * 1024;
  std::uint64_t max_body_bytes = 64 * 1024;
  Millis idle_timeout{60'000};               // between requests
  Millis request_timeout{10'000};            // from the first byte of a request to its last
  Millis arriving_patience{1'000};           // the same when others need the connection
  Millis write_timeout{30'000};              // to take an answer
  std::size_t max_unsent_bytes = 24u << 20;  // of answers that clients have not taken yet, all together
  Millis taking_patience{1'000};             // how long one is left to take its answer when others need the room
  Millis late_patience{10'000};              // for answers that wait for the disk
  Millis stop_grace{2'000};                  // for answers under way when the server stops
};

/// HTTP/1.1 with keep-alive over one io thread (Boost.Beast) and a few workers.
/// Threads: routes are called on that thread or on a worker, as they say (RunsOn). start() and stop() from one other
/// thread. Errors:  the constructor throws std::runtime_error when it cannot listen, ConfigError for certificates. What
/// a client does wrong is answered with
///          a problem document where the protocol allows it, counted, and never logged per request.
/// Bounds:  at most max_connections. When a new one arrives, the connection idle for longest is closed, else the one
///          whose request (or TLS) has been arriving for longest, above arriving_patience, else the one that has been
///          taking an answer for longest, above taking_patience; when there is none, new ones wait in the kernel's
///          backlog. A request that does not arrive within request_timeout is cut off, however steadily it trickles.
///          Answers that wait to be taken hold max_unsent_bytes at most: those who took longest are cut off for others,
///          else the new answer becomes a 503.
class HttpServer {
 public:
  HttpServer(HttpOptions options, std::vector<Route> routes, const Clock& clock, proto::Logger& log,
             proto::Metrics& metrics);
  ~HttpServer();

  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Reads certificate and key anew, for connections from now on; those that are there keep theirs. Throws ConfigError
  /// when they cannot be used: the old ones stay. Nothing without TLS. After start(), any thread.
  void reload_certificate();

  void start();
  /// Stops accepting, closes idle connections and streams, lets answers under way finish within stop_grace. A query
  /// that is being worked on is waited for. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::api
