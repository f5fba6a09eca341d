#pragma once

#include <cstdint>
#include <string_view>

#include "proto/clock.hpp"

namespace telltale::proto {

/// Dense numbers given out by the writer, written to the log before first use, never reused.
/// 0 is "none".
enum class DeviceKey : std::uint32_t { none = 0 };
enum class SeriesId : std::uint32_t { none = 0 };

[[nodiscard]] constexpr std::uint32_t to_number(DeviceKey key) noexcept { return static_cast<std::uint32_t>(key); }
[[nodiscard]] constexpr std::uint32_t to_number(SeriesId id) noexcept { return static_cast<std::uint32_t>(id); }

/// Where a reading's time comes from (contracts 3).
enum class TsSource : std::uint8_t { device = 0, receive = 1, relative = 2, backlog = 3 };
[[nodiscard]] constexpr std::string_view to_string(TsSource s) noexcept {
  constexpr std::string_view names[] = {"device", "receive", "relative", "backlog"};
  return names[static_cast<std::uint8_t>(s)];
}

/// integer: whole numbers that a double cannot hold (|v| > 2^53); all other numbers are `number`.
enum class ValueType : std::uint8_t { number = 0, integer = 1, boolean = 2, text = 3 };

/// Where a text value lies in its batch's text arena.
struct TextRef {
  std::uint32_t offset;
  std::uint32_t length;
  friend bool operator==(const TextRef&, const TextRef&) = default;
};

/// One stored value of one series. 24 bytes, trivially copyable.
struct Reading {
  Timestamp ts;
  union {
    double number;  // type number; boolean as 1.0 / 0.0. May be NaN or infinite only if a codec says so (JSON never)
    std::int64_t integer;  // type integer
    TextRef text;          // type text
  };
  SeriesId series;
  ValueType type;
  TsSource source;

  [[nodiscard]] bool numeric() const noexcept { return type != ValueType::text; }
  /// The value as analytics sees it. Precondition: numeric().
  [[nodiscard]] double as_double() const noexcept {
    return type == ValueType::integer ? static_cast<double>(integer) : number;
  }
};
static_assert(sizeof(Reading) == 24);

}  // namespace telltale::proto
