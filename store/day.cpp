#include "store/day.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace telltale::store {

namespace {

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{day}}};
}

template <class T>
bool whole_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string day_text(std::int64_t day) {
  const auto date = date_of(day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

std::int64_t month_of_day(std::int64_t day) {
  const auto date = date_of(day);
  return static_cast<int>(date.year()) * std::int64_t{12} + static_cast<unsigned>(date.month()) - 1;
}

std::string to_string(const DayFileName& name) {
  return day_text(name.day) + "-" + name.klass + "-" + std::to_string(name.rev) + ".db";
}

std::optional<DayFileName> parse_day_file_name(std::string_view name) {
  const auto first = name.find('-');
  const auto last = name.rfind('-');
  if (first != 8 || last == first || !name.ends_with(".db")) return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  DayFileName out;
  if (!whole_number(name.substr(0, 4), year) || !whole_number(name.substr(4, 2), month) ||
      !whole_number(name.substr(6, 2), day) || !whole_number(name.substr(last + 1, name.size() - last - 4), out.rev))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  out.day = std::chrono::sys_days{date}.time_since_epoch().count();
  out.klass = name.substr(first + 1, last - first - 1);
  return out;
}

}  // namespace telltale::store
