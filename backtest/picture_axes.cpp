#include "backtest/picture_axes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "proto/timestamp.hpp"
#include "store/day.hpp"

namespace telltale::backtest {

std::vector<Tick> value_ticks(double low, double high, int wanted) {
  std::vector<Tick> ticks;
  if (!(high > low) || wanted < 1) return ticks;
  const double raw = (high - low) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double round : {5.0, 2.0, 1.0})
    if (round * power >= raw * (1 - 1e-9)) step = round * power;
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  for (double i = std::ceil(low / step) + 0.0; i * step <= high; ++i) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", std::min(decimals, 9), i * step + 0.0);
    ticks.push_back({i * step, text.data()});
  }
  return ticks;
}

std::vector<Tick> time_ticks(store::Range range, int most) {
  constexpr std::int64_t minute = 60'000;
  constexpr std::array<std::int64_t, 16> steps = {minute,
                                                  5 * minute,
                                                  10 * minute,
                                                  30 * minute,
                                                  store::hour_ms,
                                                  2 * store::hour_ms,
                                                  3 * store::hour_ms,
                                                  6 * store::hour_ms,
                                                  12 * store::hour_ms,
                                                  store::day_ms,
                                                  2 * store::day_ms,
                                                  7 * store::day_ms,
                                                  14 * store::day_ms,
                                                  28 * store::day_ms,
                                                  91 * store::day_ms,
                                                  364 * store::day_ms};
  const auto from = to_ms(range.from);
  const auto to = to_ms(range.to);
  const auto fits = [&](std::int64_t s) { return (to - from) / s < most; };
  const auto found = std::ranges::find_if(steps, fits);
  const auto step = found == steps.end() ? steps.back() : *found;
  const bool one_day = store::day_of(from) == store::day_of(to - 1);
  std::vector<Tick> ticks;
  for (auto at = (from + step - 1) / step * step; at < to; at += step) {
    const auto text = proto::format_rfc3339(from_ms(at));
    ticks.push_back({static_cast<double>(at), step >= store::day_ms ? text.substr(0, 10)
                                              : one_day             ? text.substr(11, 5)
                                                                    : text.substr(5, 5) + ' ' + text.substr(11, 5)});
  }
  return ticks;
}

}  // namespace telltale::backtest
