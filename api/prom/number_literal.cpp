#include "api/prom/number_literal.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "proto/number_text.hpp"

namespace telltale::api::prom {

namespace {

std::optional<double> whole(std::string_view digits, int base) {
  std::int64_t value = 0;
  const auto* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, base);
  if (digits.empty() || digits.front() == '-' || error != std::errc{} || end != last) return std::nullopt;
  return static_cast<double>(value);
}

}  // namespace

std::optional<double> read_number_literal(std::string_view text) {
  if (proto::equal_ignoring_case(text, "inf")) return std::numeric_limits<double>::infinity();
  if (proto::equal_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || ((text.front() < '0' || text.front() > '9') && text.front() != '.')) return std::nullopt;
  if (text.starts_with("0x") || text.starts_with("0X")) return whole(text.substr(2), 16);
  if (text.size() > 1 && text.front() == '0')
    if (const auto octal = whole(text.substr(1), 8)) return octal;
  double value = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

std::string sample_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 400> buffer{};  // 1e20 has 21 digits, 1e-6 with all its digits fewer than 40
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return {buffer.data(), end};
}

}  // namespace telltale::api::prom
