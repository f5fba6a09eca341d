#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/clock.hpp"

namespace telltale::analytics {

/// The names and numbers that an alert's sentence is made of.
struct Wording {
  std::string_view metric, unit, site, device;
  double value = 0;
  double threshold = 0;
};

/// Six significant digits, no locale: 86.2, 1e+09, 80.
[[nodiscard]] std::string number_text(double value);
/// What was expected and how far readings usually lie from it, to two digits of the spread: "16.0 ± 0.7".
[[nodiscard]] std::string estimate_text(double expected, double spread);
/// How many times: three significant digits.
[[nodiscard]] std::string times_text(double times);
/// "temperature 86.2 Cel"
[[nodiscard]] std::string value_text(const Wording& words);
/// Replaces {metric} {value} {unit} {threshold} {device} {site}; anything else stays as it is.
[[nodiscard]] std::string fill_template(std::string_view message, const Wording& words);
/// "90s", "30m", "36h": whole in the largest unit that is; else in seconds.
[[nodiscard]] std::string span_text(Millis span);
/// 2025-11-21T04:40:42Z
[[nodiscard]] std::string time_text(Timestamp t);

}  // namespace telltale::analytics
