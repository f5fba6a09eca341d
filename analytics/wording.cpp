#include "analytics/wording.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace telltale::analytics {

namespace {

/// Around a field that has no text, as the unit of a metric without one: one of the two spaces goes.
void drop_one_space(std::string& text, std::string_view& message) {
  if (message.starts_with(' ')) {
    message.remove_prefix(1);
  } else if (!text.empty() &&
             (message.empty() || std::string_view(".,;:!?)").find(message.front()) != std::string_view::npos)) {
    text.pop_back();
  }
}

}  // namespace

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 6);
  return std::string(buffer.data(), end.ptr);
}

std::string estimate_text(double expected, double spread) {
  constexpr double longest = 1e12;  // beyond it, and for spreads that are nearly none, as an exponent
  if (!(spread > 1e-9) || spread > longest || std::abs(expected) > longest)
    return number_text(expected) + " ± " + number_text(spread);
  const int decimals = std::max(0, 1 - static_cast<int>(std::floor(std::log10(spread))));
  const auto rounded = [decimals](double v) {
    std::array<char, 48> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::fixed, decimals).ptr;
    return std::string(text.data(), end);
  };
  return rounded(expected) + " ± " + rounded(spread);
}

std::string times_text(double times) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), times, std::chars_format::general, 3).ptr;
  return std::string(text.data(), end);
}

std::string value_text(const Wording& words) {
  std::string text(words.metric);
  text += ' ';
  text += number_text(words.value);
  if (!words.unit.empty()) {
    text += ' ';
    text += words.unit;
  }
  return text;
}

std::string fill_template(std::string_view message, const Wording& words) {
  const std::pair<std::string_view, std::string> fields[] = {
      {"{metric}", std::string(words.metric)}, {"{value}", number_text(words.value)},
      {"{unit}", std::string(words.unit)},     {"{threshold}", number_text(words.threshold)},
      {"{device}", std::string(words.device)}, {"{site}", std::string(words.site)}};
  std::string text;
  while (!message.empty()) {
    bool replaced = false;
    for (const auto& [name, value] : fields) {
      if (!message.starts_with(name)) continue;
      text += value;
      message.remove_prefix(name.size());
      if (value.empty() && (text.empty() || text.back() == ' ')) drop_one_space(text, message);
      replaced = true;
      break;
    }
    if (replaced) continue;
    text += message.front();
    message.remove_prefix(1);
  }
  return text;
}

std::string span_text(Millis span) {
  const auto s = span.count() / 1000;
  if (s > 0 && s % 3600 == 0) return std::to_string(s / 3600) + "h";
  if (s > 0 && s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

std::string time_text(Timestamp t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
  std::array<char, 64> buffer{};
  const int n = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                              static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                              static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                              static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return std::string(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
}

}  // namespace telltale::analytics
