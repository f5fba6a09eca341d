#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/batch.hpp"

namespace telltale::store {

/// Appends the batch to `out`, without its generation (the segment's name has it).
/// Readings are columns (runs of type and source, deltas of series and time, values as they are): 10 to 12 bytes each.
/// Cost: tens of nanoseconds per reading.
void encode_batch(const proto::Batch& batch, std::string& out);

/// What is needed before a batch is worth decoding whole.
struct BatchHead {
  std::uint64_t sequence = 0;
  std::uint64_t id = 0;
  Timestamp log_time;
  std::uint64_t readings = 0;
  Timestamp t_min, t_max;  // of the readings, when there are any
  bool removes = false;    // DevicesRemoved is among the events
};
/// Any bytes are safe; false when they do not begin like a batch.
[[nodiscard]] bool decode_head(std::string_view bytes, BatchHead& head);

/// Any bytes are safe; false when they are not exactly one batch. Every text reference lies inside the arena.
/// The generation is left alone.
[[nodiscard]] bool decode_batch(std::string_view bytes, proto::Batch& batch);

}  // namespace telltale::store
