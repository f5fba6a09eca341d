#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/reading.hpp"

namespace telltale::proto {

/// A number as text, read exactly. `type` is number or integer (whole numbers beyond 2^53).
struct NumberValue {
  ValueType type = ValueType::number;
  double number = 0;
  std::int64_t integer = 0;
};

enum class NumberFault : std::uint8_t { not_a_number, not_finite };

/// Reads the whole text or fails: decimal numbers, a leading '+' allowed. "nan" and "inf" in any case, and what no
/// double can hold, are not_finite. Too small for a double is 0. Cost: no allocation.
struct NumberText {
  std::optional<NumberValue> value;
  NumberFault fault = NumberFault::not_a_number;
};
[[nodiscard]] NumberText read_number(std::string_view text) noexcept;

/// The shortest text that reads back as the same number; "nan", "inf", "-inf".
[[nodiscard]] std::string number_text(double value);
/// The same behind what `out` holds. Cost: nothing is allocated but by `out`.
void append_number(std::string& out, double value);

/// Without white space and NUL characters around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// ASCII letters only.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace telltale::proto
