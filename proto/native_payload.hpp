#pragma once

#include <string_view>

#include "proto/row_clock.hpp"

namespace telltale::proto {

/// Reads the payload forms of contracts 2: flat, envelope, batch, batch 2, scalar and {"v":…}.
class NativePayload {
 public:
  NativePayload(const DecoderOptions& options, const RowClock& clock, JsonTape& tape, SampleSink& sink)
      : options_(options), clock_(clock), tape_(tape), sink_(sink) {}

  /// `metric` is the topic's extra level, or "".
  [[nodiscard]] Result<void, Rejection> read(std::string_view metric, Timestamp received);

 private:
  struct Object;
  struct Outer;
  [[nodiscard]] Result<void, Rejection> read_object(std::uint32_t index, const Outer& outer);
  [[nodiscard]] Result<void, Rejection> read_rows(std::uint32_t array, const Outer& outer);
  [[nodiscard]] Result<void, Rejection> read_member(std::uint32_t index, Object& object);
  void read_values(std::uint32_t object);
  void read_tags(std::uint32_t object);
  void apply_units(std::uint32_t object);

  const DecoderOptions& options_;
  const RowClock& clock_;
  JsonTape& tape_;
  SampleSink& sink_;
  std::string_view metric_;
  Timestamp received_;
};

}  // namespace telltale::proto
