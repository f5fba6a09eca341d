#include "store/day.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace telltale::store {

std::string day_file_name(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "%04d%02u%02u-raw-0.db", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return name.data();
}

}  // namespace telltale::store
