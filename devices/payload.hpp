#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "devices/curve.hpp"

namespace telltale::devices {

/// What a device knows of one measurement's time: its clock's, and the time since it was switched on.
struct Sample {
  Measurement values;
  std::uint64_t seq;
  std::optional<std::int64_t> ts_ms;  // absent: a device without a clock
  std::int64_t uptime_ms;
};

// Payloads of contracts 2 and 4.

/// {"ts":…,"seq":…,"temperature":…}
[[nodiscard]] std::string flat_payload(const Sample& sample);
/// {"ts":…,"seq":…,"values":{…},"units":{…}}
[[nodiscard]] std::string described_payload(const Sample& sample);
/// [{"ts":…},…], or {"uptime_now_ms":…,"batch":[{"uptime_ms":…},…]} when the first row has no time of its own.
[[nodiscard]] std::string batch_payload(std::span<const Sample> samples, std::int64_t uptime_now_ms);
[[nodiscard]] std::string will_payload(const std::string& session);
[[nodiscard]] std::string online_payload(const std::string& session, std::optional<std::int64_t> ts_ms,
                                         std::int64_t heartbeat_s, const std::string& reason,
                                         std::optional<std::int64_t> config_version = std::nullopt);
[[nodiscard]] std::string sleeping_payload(const std::string& session, std::int64_t heartbeat_s);
/// Bytes that no decoder may accept as telemetry: cut JSON, bytes behind the value, invalid UTF-8; by `seq`.
[[nodiscard]] std::string bad_payload(const Sample& sample);

}  // namespace telltale::devices
