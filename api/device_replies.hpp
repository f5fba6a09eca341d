#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "proto/clock.hpp"
#include "proto/device_reply.hpp"

namespace telltale::api {

/// What a device replied, kept: for a day where the request has an Idempotency-Key.
struct KeptReply {
  static constexpr std::size_t most_msg_bytes = 1'024;
  bool ok = true;
  std::int64_t code = 0;
  std::string msg;  // its beginning
};

/// Hands what devices reply to whoever waits for it.
/// Threads: any; start() runs one that ends waits whose patience is over.
/// Bound: `most` waits at a time, `most_of_tenant` for one tenant: each holds a connection of the server.
class DeviceReplies {
 public:
  explicit DeviceReplies(const Clock& clock, std::size_t most = 40, std::size_t most_of_tenant = 20)
      : clock_(clock), most_(most), most_of_tenant_(most_of_tenant) {}
  ~DeviceReplies() { stop(); }

  /// Which reply: `id` as in DeviceReply.
  struct Awaited {
    std::string tenant, site, device, name, id;
  };
  /// Nothing: none came in time. On the thread that brings the reply, which must not block; or on that of start().
  using Told = std::function<void(std::optional<KeptReply>)>;
  /// To be called before the order goes out. False: too many wait already.
  [[nodiscard]] bool expect(const Awaited& awaited, Millis patience, Told told);
  /// Nobody waits any more. False when it was told already, or is being told.
  bool forget(const Awaited& awaited);

  /// O(1); does not block.
  void replied(const proto::DeviceReply& reply);
  /// Ends the waits whose patience is over. When the next one's will be.
  std::optional<std::chrono::steady_clock::time_point> expire();

  void start();
  /// Waits are dropped untold. Idempotent.
  void stop();

 private:
  struct Waiting {
    std::chrono::steady_clock::time_point until;
    Told told;
  };
  const Clock& clock_;
  const std::size_t most_, most_of_tenant_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_map<std::string, Waiting> waiting_;
  std::uint64_t expected_ = 0;  // so far
  std::jthread thread_;
};

}  // namespace telltale::api
