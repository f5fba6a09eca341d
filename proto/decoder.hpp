#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/device_reply.hpp"
#include "proto/event.hpp"
#include "proto/mapping.hpp"
#include "proto/outcome.hpp"
#include "proto/reading.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

/// One value of one metric, as decoded. Views live as long as the topic, the payload buffer, the Decoded and the
/// Decoder (constants of a mapping), and until the Decoded is used for the next message.
struct Sample {
  std::string_view metric;
  std::string_view unit;        // "" = none given
  std::string_view text;        // type text
  double number = 0;            // type number, boolean
  std::int64_t integer = 0;     // type integer
  std::optional<Timestamp> ts;  // absent: the writer stamps it (receive or backlog)
  ValueType type = ValueType::number;
  TsSource source = TsSource::receive;  // device or relative when ts is there
};

/// ignored: classes that only the service writes, and the empty message that deletes a retained status.
enum class MessageKind : std::uint8_t { telemetry, status, ack, control, silence, removal, ignored };

/// What a message says. Reused from message to message so that its vectors keep their capacity.
/// Of a refused message only tenant, site and device are kept, as far as they are known.
struct Decoded {
  MessageKind kind = MessageKind::ignored;
  std::string_view tenant, site, device;  // set as soon as the topic is understood, also when the payload is refused
  std::string_view mapping;               // that was used, by name; "" for topics of ours
  std::vector<Sample> samples;            // in the order of the payload
  std::vector<std::pair<std::string_view, std::string_view>> tags;
  DeviceStatus status;     // kind status; `device` and `retained` are left to the caller
  OperatorAction control;  // kind control
  SilenceOrder silence;    // kind silence
  DeviceReply reply;       // kinds ack and status: what it answers, unless its id is ""
  DevicesRemoved removal;  // kind removal; `devices` and `series` are left to the caller
  std::array<std::uint32_t, drop_reason_count> dropped{};
  std::array<std::uint32_t, time_replaced_count> replaced{};

  struct Scratch;  // flattened names, unescaped text
  std::unique_ptr<Scratch> scratch;
  Decoded();
  ~Decoded();
  Decoded(Decoded&&) noexcept;
  Decoded& operator=(Decoded&&) noexcept;
};

struct Rejection {
  DeadLetterReason reason;
  std::string detail;  // what and where: "byte 17: Invalid value", "row 3: more than 256 metrics"
};

struct DecoderOptions {
  bool multi_tenant = false;
  std::size_t max_payload_bytes = 64 * 1024;
  std::size_t max_metrics = 256;  // per row
  std::size_t max_rows = 1000;
  int max_depth = 4;  // of objects inside `values`; deeper values are dropped, see contracts 2
  Millis max_future{5 * 60 * 1000};
  Millis max_past{std::int64_t{31} * 24 * 3600 * 1000};
  std::string zone = "UTC";                  // IANA name, for ISO texts without offset
  std::vector<std::string> numeric_metrics;  // patterns of metrics whose text values are parsed as numbers
  std::vector<Mapping> mappings;             // in the order of the file; the shipped tutorial mapping comes last
};

/// The one door for bytes from outside: topic and payload to samples, status or control (contracts 1 to 4 and 6).
/// Threads: one per thread (it keeps scratch memory). Errors: any bytes are safe; a refused message says why.
/// Cost: no allocation per metric once warm; one pass over the payload.
class Decoder {
 public:
  explicit Decoder(DecoderOptions options);  // throws ConfigError for a bad mapping
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// `payload` may be changed in place (RapidJSON in situ) and must have one writable byte behind its end
  /// (payload.data()[payload.size()] is saved, used and put back).
  [[nodiscard]] Result<void, Rejection> decode(std::string_view topic, char* payload, std::size_t size,
                                               Timestamp received, Decoded& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::proto
