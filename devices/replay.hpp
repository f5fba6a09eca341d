#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <stop_token>
#include <string>
#include <vector>

#include "devices/broker_url.hpp"
#include "devices/replay_source.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"

namespace telltale::devices {

struct ReplayOptions {
  BrokerUrl broker;
  Credentials credentials;
  std::string topic{default_replay_topic};
  std::string client_id = "telltale-replay";
  double speed = 100.0;  // data seconds per second
  int qos = 1;
  std::optional<Millis> duration;  // absent: to the end of the files
  std::vector<std::string> files;
};

/// Rows of several files in the order in which they are due. All files start together.
class ReplayMerge {
 public:
  explicit ReplayMerge(std::vector<ReplaySource> sources);
  struct Row {
    std::size_t source;
    ReplayRow row;
  };
  [[nodiscard]] std::optional<Row> next();
  [[nodiscard]] const std::string& topic(std::size_t source, std::size_t index) const;
  /// site/device of every topic of the form telemetry/{site}/{device}[/…], each once.
  [[nodiscard]] std::vector<std::string> devices() const;

 private:
  struct Later {
    bool operator()(const Row& a, const Row& b) const {
      return a.row.offset != b.row.offset ? a.row.offset > b.row.offset : a.source > b.source;
    }
  };
  void refill(std::size_t source);
  std::vector<ReplaySource> sources_;
  std::priority_queue<Row, std::vector<Row>, Later> due_;
};

struct ReplayTally {
  std::uint64_t rows = 0;
  std::uint64_t messages = 0;      // handed to the connection; one sent again after an outage counts again
  std::uint64_t acknowledged = 0;  // by the broker (QoS 0: sent)
};

/// {"v":21.4,"ts":1763700000000}: the shortest number that reads back the same.
[[nodiscard]] std::string replay_payload(double value, Timestamp ts);
/// start + offset / speed.
[[nodiscard]] Millis scaled(Millis offset, double speed);

/// Sends recorded sensor data as if it were measured now: t' = start + (t - t0) / speed. Replayed devices announce
/// themselves online before and sleeping after.
/// Threads: the caller's, apart from Paho's. Loss: none at QoS 1; an absent broker holds the replay up.
/// Errors: throws proto::ConfigError for options, std::runtime_error for files.
[[nodiscard]] ReplayTally run_replay(const ReplayOptions& options, const Clock& clock, proto::Logger& log,
                                     std::stop_token stop);

}  // namespace telltale::devices
