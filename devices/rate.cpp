#include "devices/rate.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "proto/config_error.hpp"

namespace telltale::devices {
namespace {

/// Splits "1.5s" into its number and its unit; no number is 1 ("/s").
bool split(std::string_view text, double& number, std::string_view& unit) {
  number = 1.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return false;
  unit = error == std::errc{} ? text.substr(static_cast<std::size_t>(end - text.data())) : text;
  return std::isfinite(number) && number > 0.0;
}

double unit_ms(std::string_view unit) {
  if (unit == "ms") return 1.0;
  if (unit == "s") return 1'000.0;
  if (unit == "m" || unit == "min") return 60'000.0;
  if (unit == "h") return 3'600'000.0;
  return 0.0;
}

}  // namespace

Millis parse_duration(std::string_view text) {
  double number = 0;
  std::string_view unit;
  const bool starts_with_digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!starts_with_digit || !split(text, number, unit) || unit_ms(unit) == 0.0 || number * unit_ms(unit) > 1e12) {
    throw proto::ConfigError("duration '" + std::string(text) + "': expected like 500ms, 10s, 2m or 1h");
  }
  return Millis{std::llround(number * unit_ms(unit))};
}

Millis parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  double count = 0, per = 0;
  std::string_view rest, unit;
  const bool good = slash != std::string_view::npos && split(text.substr(0, slash), count, rest) && rest.empty() &&
                    split(text.substr(slash + 1), per, unit) && unit_ms(unit) != 0.0;
  const double period_ms = good ? per * unit_ms(unit) / count : 0.0;
  if (!good || period_ms < 1.0 || period_ms > 1e12) {
    throw proto::ConfigError("rate '" + std::string(text) + "': expected like 1/s, 6/min or 1/10s, at most 1000/s");
  }
  return Millis{std::llround(period_ms)};
}

}  // namespace telltale::devices
