#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/ingest_session.hpp"
#include "ingest/options.hpp"
#include "ingest/redelivery.hpp"
#include "ingest/series_registry.hpp"
#include "proto/batch.hpp"
#include "proto/intake.hpp"
#include "proto/metrics.hpp"
#include "proto/topic.hpp"

namespace telltale::ingest {

/// Turns one received message into events of the open batch; every message has exactly one outcome.
/// Threads: the writer's. Errors: none; what cannot be taken becomes a dead letter in the batch.
class MessageTaker {
 public:
  MessageTaker(const WriterOptions& options, const store::Directory& directory,
               const std::vector<proto::PacketRecord>& redelivery, proto::Metrics& metrics);

  void connected(std::uint32_t epoch, bool session_present);
  void caught_up(bool yes) { caught_up_ = yes; }
  /// What the places in InboundMessage::filter mean from the next message on.
  void use_filters(std::vector<std::string> ranked) { filters_ = std::move(ranked); }
  /// Other mappings and limits of the decoder from the next message on.
  void use(proto::DecoderOptions options) { decoder_ = proto::Decoder(std::move(options)); }

  proto::Outcome take(const broker::InboundMessage& message, Timestamp received, proto::Batch& batch);

  /// A message that came another way than by MQTT: it is no copy, no repetition and no backlog.
  proto::Receipt take(proto::PostedTelemetry message, Timestamp received, proto::Batch& batch);

  /// `removal` says what is asked for; see SeriesRegistry::remove.
  void remove(proto::DevicesRemoved removal, proto::Batch& batch) { registry_.remove(std::move(removal), batch); }

  [[nodiscard]] proto::RedeliveryTable redelivery_table() const { return redelivery_.snapshot(); }
  /// Messages were refused because of the series or device limit since the last call.
  [[nodiscard]] bool take_limit_hit() { return std::exchange(limit_hit_, false); }
  [[nodiscard]] const SeriesRegistry& registry() const noexcept { return registry_; }

 private:
  [[nodiscard]] bool is_overlap(const broker::InboundMessage& message) const;
  proto::Outcome take_telemetry(bool retain, Timestamp received, proto::Batch& batch);
  proto::Outcome take_status(bool retain, proto::Batch& batch);
  void tell_reply() const;
  [[nodiscard]] bool floods(const broker::InboundMessage& message, Timestamp received, bool refused);
  proto::Outcome dead_letter(proto::DeadLetterReason reason, std::string detail, const broker::InboundMessage& message,
                             proto::Batch& batch);
  void store_sample(DeviceSlot& device, SeriesSlot& series, const proto::Sample& sample, Timestamp received,
                    proto::Batch& batch);
  void count_collapsed(const proto::Batch& batch, std::size_t first);
  void note_tags(DeviceSlot& device, proto::Batch& batch);
  void count_losses();

  std::vector<std::string> filters_;
  proto::Tenancy tenancy_;
  IngestLimits limits_;
  proto::Decoder decoder_;
  proto::Decoded decoded_;
  SeriesRegistry registry_;
  Allowance nameless_;  // of all whose messages are refused and who have none of their own
  Redelivery redelivery_;
  std::string original_;                 // the payload before it is decoded in place
  std::vector<std::size_t> places_;      // of the message's metrics among its device's series
  std::vector<std::string_view> fresh_;  // its metrics that are new
  std::vector<std::size_t> order_;       // of the message's readings by (series, ts)
  proto::OnDeviceReply on_reply_;
  bool caught_up_ = false;
  bool limit_hit_ = false;
  proto::DeadLetterReason refused_{};  // set by take_telemetry/take_status with Outcome::dead_letter
  std::string refused_detail_;
  proto::Metrics& metrics_;
  std::array<proto::Counter*, proto::drop_reason_count> dropped_{};
  std::array<proto::Counter*, proto::time_replaced_count> replaced_{};
};

}  // namespace telltale::ingest
