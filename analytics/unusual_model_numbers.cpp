#include <cmath>

#include "analytics/number_fields.hpp"
#include "analytics/unusual_model.hpp"

namespace telltale::analytics {

/// Every field, for reading and writing alike; the names are those of the file that `telltale model export` makes.
template <class Self, class Field>
void UnusualModel::fields(Self& m, Field&& field) {
  field("readings", m.readings_);
  for (auto& h : m.hours_) field("hour_mean", h.value.mean);
  for (auto& h : m.hours_) field("hour_variance", h.value.variance);
  for (auto& h : m.hours_) field("hour_readings", h.readings);
  for (auto& h : m.hours_) field("hour_days", h.entered);
  field("level_mean", m.level_.mean);
  field("level_variance", m.level_.variance);
  field("together_mean", m.together_.mean);
  field("together_variance", m.together_.variance);
  field("distance", m.distance_);
  field("interval_s", m.interval_s_);
  field("peak", m.peaks_.highest);
  field("peak_factor", m.peaks_.factor);
  field("together_peak", m.together_peaks_.highest);
  field("together_peak_factor", m.together_peaks_.factor);
  field("block_peak", m.block_max_);
  field("usual_block_peak_log", m.block_mean_);
  field("divisor", m.divisor_);
  field("blocks", m.blocks_);
  field("readings_in_block", m.in_block_);
  field("hour_number", m.hour_number_);
  field("block_minute", m.block_minute_);
  field("last_ms", m.last_ms_);
  m.gate_.fields(field);
}

void UnusualModel::give(NamedNumbers& out) const { fields(*this, PutNumbers(out)); }

std::string UnusualModel::take(const NamedNumbers& in) {
  UnusualModel m;
  TakeNumbers numbers(in);
  fields(m, numbers);
  if (auto problem = numbers.problem(); !problem.empty()) return problem;
  for (Hour& hour : m.hours_)
    if (hour.readings == 0) hour = Hour{};  // as checkpoints have it
  // What a checkpoint would not read back as it is does not come in.
  std::string bytes;
  std::string again;
  proto::ByteWriter out(bytes);
  m.encode(out);
  UnusualModel read;
  proto::ByteReader reader(bytes);
  if (!read.decode(reader)) return "has numbers that no model has";
  proto::ByteWriter out_again(again);
  read.encode(out_again);
  if (bytes != again) return "has numbers out of range";
  *this = read;
  return "";
}

}  // namespace telltale::analytics
