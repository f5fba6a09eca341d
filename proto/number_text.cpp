#include "proto/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace telltale::proto {

namespace {

constexpr std::int64_t largest_exact = std::int64_t{1} << 53;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// std::from_chars says "out of range" for both ends; only the sign of the decimal exponent tells them apart.
bool underflows(std::string_view text) noexcept {
  const auto exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) return text.substr(exponent + 1).starts_with('-');
  return text.starts_with("0.") || text.starts_with("-0.");
}

}  // namespace

NumberText read_number(std::string_view text) noexcept {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  NumberValue value;
  if (const auto r = std::from_chars(begin, end, value.integer); r.ec == std::errc{} && r.ptr == end) {
    value.number = static_cast<double>(value.integer);
    if (value.integer > largest_exact || value.integer < -largest_exact) value.type = ValueType::integer;
    return {value, {}};
  }
  const auto r = std::from_chars(begin, end, value.number);
  if (r.ptr != end || r.ec == std::errc::invalid_argument) return {std::nullopt, NumberFault::not_a_number};
  if (r.ec == std::errc::result_out_of_range) {
    if (!underflows(text)) return {std::nullopt, NumberFault::not_finite};
    value.number = 0;
  }
  if (!std::isfinite(value.number)) return {std::nullopt, NumberFault::not_finite};
  value.integer = 0;
  return {value, {}};
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view around(" \t\r\n\0", 5);
  const auto first = text.find_first_not_of(around);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(around) - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string number_text(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

void append_number(std::string& out, double value) {
  // Fixed where people expect it (the range of ECMAScript's Number::toString), so that a million is not 1e+06.
  char text[400];
  const double size = std::abs(value);
  const bool fixed = value == 0 || (size >= 1e-7 && size < 1e21);
  const auto [end, error] = fixed ? std::to_chars(text, text + sizeof text, value, std::chars_format::fixed)
                                  : std::to_chars(text, text + sizeof text, value);
  out.append(text, end);
}

}  // namespace telltale::proto
