#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/archive.hpp"
#include "api/event_stream.hpp"
#include "proto/alert.hpp"
#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::api {

struct LiveOptions {
  std::size_t clients = 200;  // of all tenants: what is left of the server's connections is for questions
  // That one client may be behind; more than all below at once, which is no fault of the client's. Clients share texts.
  std::size_t client_bytes = 8 << 20;
  std::size_t findings = 10'000;  // that wait to be told; more: every client is ended and asks anew
  std::size_t series = 20'000;    // whose newest reading is told at a time; more are left out and counted
  Millis readings_every{1'000};
  Millis heartbeat_every{15'000};
};

/// Tells clients what happens while it happens: alerts, presence, and the newest reading of each series once a second
/// (Server-Sent Events, contracts 7). Nothing is repeated: who was away asks the other routes.
/// Threads: start() runs one, which writes the texts; tell() comes from the thread that analyses the log, join() from
/// any. Cost: nothing without clients; a hash look-up for each reading while somebody wants readings.
class Live {
 public:
  struct Wish {
    std::string tenant;
    bool alerts = false, presence = false, readings = false;
    std::string site = {}, device = {};  // "" = any
    std::function<bool()> allowed = {};  // asked at each heartbeat: false ends the stream
  };

  Live(LiveOptions options, Archive& archive, proto::Logger& log, proto::Metrics& metrics);
  ~Live();

  void start();
  /// Ends every stream; later ones are refused.
  void stop();
  /// Null when there are too many already.
  [[nodiscard]] std::shared_ptr<EventStream> join(Wish wish);
  /// A batch that is on disk, and what analytics said of it.
  void tell(const proto::Batch& batch, std::span<const proto::Finding> findings);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::api
