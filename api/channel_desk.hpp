#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proto/clock.hpp"
#include "proto/rule.hpp"

namespace telltale::api {

/// What a client may know of a notification channel: no secret, and of its address only where it leads.
struct ChannelFacts {
  std::string name, kind, host;  // host: "https://hooks.example"
  std::vector<proto::Severity> severities = {};
  std::string site = "*", device = "*", rule = "*";
  bool resolve = true;
  Millis group_wait{0}, repeat{0};
  std::uint32_t rate_limit = 0;  // messages a minute; 0 = no limit
};

/// The channels that are in force, and test messages by them. Threads: any.
class ChannelDesk {
 public:
  virtual ~ChannelDesk() = default;
  /// Those that alerts of the tenant may go to, in the order of the file.
  [[nodiscard]] virtual std::vector<ChannelFacts> channels(const std::string& tenant) const = 0;

  struct Tried {
    bool delivered = false;
    std::string detail;  // the receiver's answer, or what went wrong; without secrets
    double seconds = 0;
  };
  enum class Refusal : std::uint8_t { unknown, busy };
  /// Sends one test message, once; `done` is told within seconds what became of it, on another thread, unless the
  /// service ends before. Nothing is started when there is a refusal.
  [[nodiscard]] virtual std::optional<Refusal> test(const std::string& tenant, const std::string& name,
                                                    std::function<void(Tried)> done) = 0;
};

}  // namespace telltale::api
