#pragma once

#include <cstdint>
#include <string_view>

namespace telltale::proto {

/// What became of a received message. Every message has exactly one (design promise 2, contracts 9).
enum class Outcome : std::uint8_t { stored, status, duplicate, overlap, retained, dead_letter, empty, ignored };
inline constexpr std::string_view outcome_names[] = {"stored",   "status",      "duplicate", "overlap",
                                                     "retained", "dead_letter", "empty",     "ignored"};
inline constexpr std::size_t outcome_count = std::size(outcome_names);
[[nodiscard]] constexpr std::string_view to_string(Outcome o) noexcept {
  return outcome_names[static_cast<std::uint8_t>(o)];
}

/// Why a whole message went to the dead letters. A closed list: it is a metric label.
enum class DeadLetterReason : std::uint8_t {
  bad_topic,  // outside the grammar of contracts 1 and no mapping matches
  bad_json,   // not JSON, or bytes after the value
  bad_utf8,
  wrong_shape,  // JSON, but none of the forms of contracts 2; or a mapping's selectors found nothing
  bad_value,    // plain codec: neither number, bool nor text that is allowed
  bad_status,   // status topic with an unknown word or shape
  bad_control,  // control topic with an unknown verb or payload
  too_large,    // payload over the limit
  too_many_metrics,
  too_many_rows,
  too_deep,
  too_late,  // all of its readings older than the store accepts
  series_limit,
  device_limit,
};
inline constexpr std::string_view dead_letter_reason_names[] = {
    "bad_topic", "bad_json",         "bad_utf8",      "wrong_shape", "bad_value", "bad_status",   "bad_control",
    "too_large", "too_many_metrics", "too_many_rows", "too_deep",    "too_late",  "series_limit", "device_limit"};
[[nodiscard]] constexpr std::string_view to_string(DeadLetterReason r) noexcept {
  return dead_letter_reason_names[static_cast<std::uint8_t>(r)];
}

/// Why one value of an otherwise good message was left out. A closed list: it is a metric label.
enum class DropReason : std::uint8_t {
  null_value,  // null, nan, inf: "no reading"
  bad_name,    // metric name outside the grammar
  array_value,
  too_deep,
  duplicate_key,  // an earlier value of the same key; last wins
  bad_value,
  too_late,
  collapsed,  // same (series, ts) with another value later in the message: the last wins
};
inline constexpr std::string_view drop_reason_names[] = {"null_value",    "bad_name",  "array_value", "too_deep",
                                                         "duplicate_key", "bad_value", "too_late",    "collapsed"};
inline constexpr std::size_t drop_reason_count = std::size(drop_reason_names);
[[nodiscard]] constexpr std::string_view to_string(DropReason r) noexcept {
  return drop_reason_names[static_cast<std::uint8_t>(r)];
}

/// Why a device's own time was not used (contracts 3).
enum class TimeReplaced : std::uint8_t { unset_clock, future, past, unparsable };
inline constexpr std::string_view time_replaced_names[] = {"unset_clock", "future", "past", "unparsable"};
inline constexpr std::size_t time_replaced_count = std::size(time_replaced_names);
[[nodiscard]] constexpr std::string_view to_string(TimeReplaced r) noexcept {
  return time_replaced_names[static_cast<std::uint8_t>(r)];
}

}  // namespace telltale::proto
