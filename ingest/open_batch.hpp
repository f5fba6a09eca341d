#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "proto/batch.hpp"
#include "proto/intake.hpp"
#include "proto/outcome.hpp"

namespace telltale::ingest {

/// The batch that is being filled, with what has to happen once it is durable.
struct OpenBatch {
  struct Run {  // messages of one connection, in arrival order
    std::uint32_t session_epoch;
    std::size_t count;
  };
  std::shared_ptr<proto::Batch> batch;
  std::chrono::steady_clock::time_point opened;
  Timestamp oldest_received;
  struct Posted {
    proto::Receipt receipt;
    std::function<void(std::optional<proto::Receipt>)> done;
  };
  std::vector<Posted> posted;  // came another way than by MQTT: their senders wait
  std::vector<Run> to_acknowledge;
  std::array<std::uint64_t, proto::outcome_count> outcomes{};
  std::size_t messages = 0;

  void count(std::uint32_t session_epoch, proto::Outcome outcome) {
    if (to_acknowledge.empty() || to_acknowledge.back().session_epoch != session_epoch) {
      to_acknowledge.push_back({session_epoch, 0});
    }
    ++to_acknowledge.back().count;
    count(outcome);
  }
  void count(Posted message) {
    count(message.receipt.outcome);
    posted.push_back(std::move(message));
  }
  /// On disk, or given up.
  void answer_posted(bool on_disk) {
    for (auto& [receipt, done] : posted) done(on_disk ? std::optional(std::move(receipt)) : std::nullopt);
  }

 private:
  void count(proto::Outcome outcome) {
    ++outcomes[static_cast<std::size_t>(outcome)];
    ++messages;
  }
};

}  // namespace telltale::ingest
