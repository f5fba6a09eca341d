#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/clock.hpp"
#include "proto/decoder.hpp"

namespace telltale::ingest {

struct IngestLimits {
  std::uint32_t max_series = 1'000'000;  // per install
  std::uint32_t max_devices = 1'000'000;
  std::uint32_t new_series_per_minute = 0;              // 0 = no limit
  std::uint32_t device_messages_per_minute = 0;         // of one device name; 0 = no limit
  Millis max_age{std::int64_t{31} * 24 * 3600 * 1000};  // readings older than this are refused as too_late
};

struct WriterOptions {
  std::size_t batch_readings = 10'000;  // a batch is synced at this many readings,
  Millis batch_delay{20};               // or when its first message has waited this long,
  std::size_t batch_messages = 10'000;  // or at this many messages (at most half the window, so that it never stalls)
  std::size_t receive_maximum = 20'000;
  std::vector<std::string> filters;  // as subscribed at start, in their rank (IngestOptions::filters)
  proto::DecoderOptions decoder;
  IngestLimits limits;
  proto::OnDeviceReply on_reply = {};  // told of what devices answer, once; retained copies of a status too
};

}  // namespace telltale::ingest
