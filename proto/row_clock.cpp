#include "proto/row_clock.hpp"

#include <cmath>

#include "proto/number_text.hpp"

namespace telltale::proto {

std::optional<double> number_in(const JsonNode& node) {
  if (node.kind != JsonNode::Kind::number && node.kind != JsonNode::Kind::text) return std::nullopt;
  const auto read = read_number(trim(node.text));
  if (!read.value) return std::nullopt;
  return read.value->number;
}

Result<Timestamp, TimeReplaced> timestamp_from_node(const JsonNode& node, const TimeZone& zone) {
  if (node.kind == JsonNode::Kind::number) return timestamp_from_number(node.text);
  if (node.kind == JsonNode::Kind::text) return timestamp_from_text(node.text, zone);
  return fail(TimeReplaced::unparsable);
}

Result<Timestamp, TimeReplaced> RowClock::absolute(const JsonNode& node, const TimeZone& zone,
                                                   Timestamp received) const {
  const auto ts = timestamp_from_node(node, zone);
  return ts ? believe(*ts, received, window_) : ts;
}

Result<Timestamp, TimeReplaced> RowClock::aged(std::optional<double> age_ms, Timestamp received) const {
  constexpr double unbelievable_ms = 1e13;  // 300 years, and far from overflow
  if (!age_ms) return fail(TimeReplaced::unparsable);
  if (*age_ms > unbelievable_ms) return fail(TimeReplaced::past);
  if (*age_ms < -unbelievable_ms) return fail(TimeReplaced::future);
  return believe(received - Millis{std::llround(*age_ms)}, received, window_);
}

RowTime RowClock::time_of(const TimeKeys& keys, const JsonTape& tape, Timestamp received, SampleSink& sink) const {
  std::optional<TimeReplaced> first_fault;
  const auto usable = [&](const Result<Timestamp, TimeReplaced>& ts) {
    if (!ts && !first_fault) first_fault = ts.error();
    return ts.has_value();
  };
  if (keys.ts) {
    if (const auto ts = absolute(tape[*keys.ts], zone_, received); usable(ts)) return {*ts, TsSource::device};
  }
  if (keys.age_ms) {
    if (const auto ts = aged(number_in(tape[*keys.age_ms]), received); usable(ts)) return {*ts, TsSource::relative};
  }
  if (keys.uptime_ms && keys.uptime_now_ms) {
    const auto then = number_in(tape[*keys.uptime_ms]);
    const auto now = number_in(tape[*keys.uptime_now_ms]);
    const auto age = then && now ? std::optional(*now - *then) : std::nullopt;
    if (const auto ts = aged(age, received); usable(ts)) return {*ts, TsSource::relative};
  }
  if (first_fault) sink.count(*first_fault);
  return {};
}

RowTime RowClock::time_of(const JsonNode& node, const TimeZone& zone, Timestamp received, SampleSink& sink) const {
  if (node.kind == JsonNode::Kind::null) return {};
  const auto ts = absolute(node, zone, received);
  if (ts) return {*ts, TsSource::device};
  sink.count(ts.error());
  return {};
}

std::optional<Timestamp> RowClock::believable(const JsonNode& node, const TimeZone& zone, Timestamp received) const {
  const auto ts = absolute(node, zone, received);
  return ts ? std::optional(*ts) : std::nullopt;
}

}  // namespace telltale::proto
