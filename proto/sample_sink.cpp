#include "proto/sample_sink.hpp"

#include <algorithm>

#include "proto/rule.hpp"
#include "proto/topic.hpp"

namespace telltale::proto {

void SampleSink::start(Decoded& out, NameArena& names) {
  out_ = &out;
  names_ = &names;
  rows_ = 0;
  begin_row();
}

void SampleSink::begin_row() {
  row_start_ = out_->samples.size();
  row_values_ = 0;
  names_may_repeat_ = false;
}

Sample* SampleSink::place(std::string_view name, std::string_view unit) {
  if (++row_values_ > options_.max_metrics) return nullptr;  // end_row refuses the message
  if (!valid_metric(name)) {
    drop(DropReason::bad_name);
    return nullptr;
  }
  auto& sample = out_->samples.emplace_back();
  sample.metric = name;
  sample.unit = unit;
  return &sample;
}

void SampleSink::number(std::string_view name, std::string_view unit, std::string_view digits) {
  const auto read = read_number(digits);
  if (!read.value) {
    ++row_values_;
    drop(read.fault == NumberFault::not_finite ? DropReason::null_value : DropReason::bad_value);
    return;
  }
  add_number(name, unit, *read.value);
}

void SampleSink::add_number(std::string_view name, std::string_view unit, const NumberValue& value) {
  if (auto* sample = place(name, unit)) {
    sample->type = value.type;
    sample->number = value.number;
    if (value.type == ValueType::integer) sample->integer = value.integer;
  }
}

void SampleSink::add_boolean(std::string_view name, std::string_view unit, bool truth) {
  if (auto* sample = place(name, unit)) {
    sample->type = ValueType::boolean;
    sample->number = truth ? 1 : 0;
  }
}

bool SampleSink::declared_numeric(std::string_view name) const {
  return std::any_of(options_.numeric_metrics.begin(), options_.numeric_metrics.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

void SampleSink::add_text(std::string_view name, std::string_view unit, std::string_view text) {
  if (declared_numeric(name)) {
    const auto read = read_number(trim(text));
    if (read.value || read.fault == NumberFault::not_finite) return number(name, unit, trim(text));
  }
  if (auto* sample = place(name, unit)) {
    sample->type = ValueType::text;
    sample->text = text;
  }
}

void SampleSink::value(std::string_view name, std::string_view unit, JsonTape& tape, std::uint32_t index, int depth,
                       Texts texts) {
  const auto& node = tape[index];
  if (node.skipped) return;
  switch (node.kind) {
    case JsonNode::Kind::null:
      ++row_values_;
      return drop(DropReason::null_value);
    case JsonNode::Kind::boolean:
      return add_boolean(name, unit, node.text == "true");
    case JsonNode::Kind::number:
      return number(name, unit, node.text);
    case JsonNode::Kind::text:
      if (texts == Texts::kept) add_text(name, unit, node.text);
      return;
    case JsonNode::Kind::array:
      ++row_values_;
      return drop(DropReason::array_value);
    case JsonNode::Kind::object:
      break;
  }
  if (depth == options_.max_depth) {
    ++row_values_;
    return drop(DropReason::too_deep);
  }
  // What starts like this cannot end as a metric, and spelling it out for thousands of members takes 100 MB.
  if (!name.empty() && !valid_metric(name)) {
    ++row_values_;
    return drop(DropReason::bad_name);
  }
  names_may_repeat_ = true;
  for_each_member(tape, index, [&](std::uint32_t i) {
    if (row_values_ > options_.max_metrics) return;
    value(names_->join({name, "_", tape[i].key}), {}, tape, i, depth + 1, texts);
  });
}

void SampleSink::add(std::string_view name, std::string_view unit, JsonTape& tape, std::uint32_t index) {
  value(name, unit, tape, index, 0, Texts::kept);
}

void SampleSink::add_numeric(std::string_view name, JsonTape& tape, std::uint32_t index) {
  value(name, {}, tape, index, 0, Texts::left_out);
}

void SampleSink::collapse_names() {
  auto& samples = out_->samples;
  order_.clear();
  for (auto i = row_start_; i < samples.size(); ++i) order_.push_back(static_cast<std::uint32_t>(i));
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto by_name = samples[a].metric.compare(samples[b].metric);
    return by_name != 0 ? by_name < 0 : a < b;
  });
  bool repeated = false;
  for (std::size_t i = 0; i + 1 < order_.size(); ++i) {
    if (samples[order_[i]].metric != samples[order_[i + 1]].metric) continue;
    samples[order_[i]].metric = {};
    drop(DropReason::duplicate_key);
    repeated = true;
  }
  if (!repeated) return;
  const auto first = samples.begin() + static_cast<std::ptrdiff_t>(row_start_);
  samples.erase(std::remove_if(first, samples.end(), [](const Sample& s) { return s.metric.empty(); }), samples.end());
}

Result<void, Rejection> SampleSink::end_row(const RowTime& time) {
  if (row_values_ > options_.max_metrics) {
    return fail(Rejection{DeadLetterReason::too_many_metrics, "row " + std::to_string(rows_) + ": more than " +
                                                                  std::to_string(options_.max_metrics) + " metrics"});
  }
  ++rows_;
  if (names_may_repeat_) collapse_names();
  for (auto* sample = row_begin(); sample != row_end(); ++sample) {
    sample->ts = time.ts;
    sample->source = time.source;
  }
  return {};
}

}  // namespace telltale::proto
