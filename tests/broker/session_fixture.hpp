#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/ingest_session.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/recording.hpp"

namespace telltale::test {

class RealClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override;
};

/// A message as it arrived, with its own copy of the bytes.
struct Received {
  std::uint32_t epoch;
  std::string topic, payload;
  std::uint32_t original_size;
  std::uint16_t packet_id, filter;
  std::uint8_t qos;
  bool dup, retain;
};

enum class Acknowledging { at_once, by_hand };

/// An IngestSession whose items are recorded. Answers Connected with epoch_logged.
class RecordedSession {
 public:
  explicit RecordedSession(broker::IngestOptions options, Acknowledging acknowledging = Acknowledging::at_once);
  ~RecordedSession();

  broker::IngestSession& session() { return *session_; }
  RecordingLogger& log() { return log_; }
  PlainMetrics& metrics() { return metrics_; }

  [[nodiscard]] std::vector<Received> messages() const;
  [[nodiscard]] std::size_t message_count() const;
  [[nodiscard]] std::vector<std::string> payloads() const;
  /// "connected 1 new", "message x", "caught up 1", "disconnected 1: reason", "filters a/# b/#", in arrival order.
  [[nodiscard]] std::vector<std::string> story() const;
  [[nodiscard]] std::size_t count_in_story(std::string_view prefix) const;
  [[nodiscard]] std::vector<std::string> granted() const;
  [[nodiscard]] bool caught_up() const { return session_->status().caught_up; }
  void stop() { session_->stop(); }

 private:
  void on_item(broker::SessionItem item);

  RealClock clock_;
  RecordingLogger log_;
  PlainMetrics metrics_;
  Acknowledging acknowledging_;
  mutable std::mutex mutex_;
  std::vector<Received> messages_;
  std::vector<std::string> story_;
  std::vector<std::string> granted_;
  std::unique_ptr<broker::IngestSession> session_;
};

/// Quick back-off and short nap for tests at 127.0.0.1:port.
[[nodiscard]] broker::IngestOptions quick_options(std::uint16_t port, std::vector<std::string> filters);

/// prefix + from … prefix + (to - 1)
[[nodiscard]] std::vector<std::string> numbered(std::string_view prefix, std::size_t from, std::size_t to);

}  // namespace telltale::test
