#include "devices/curve.hpp"

#include <cmath>
#include <numbers>

namespace telltale::devices {
namespace {

double hundredths(double v) { return std::round(v * 100.0) / 100.0; }

double turn(std::int64_t ms, std::int64_t period_ms) {
  return 2.0 * std::numbers::pi * static_cast<double>(ms % period_ms) / static_cast<double>(period_ms);
}

}  // namespace

Climate::Climate(std::uint64_t seed) : random_(seed) {
  base_temperature_ = 20.0 + noise(3.0);
  base_humidity_ = 48.0 + noise(6.0);
  phase_ = noise(std::numbers::pi);
}

double Climate::noise(double width) {
  constexpr double span = static_cast<double>(std::mt19937_64::max());
  const double a = static_cast<double>(random_()) / span;
  const double b = static_cast<double>(random_()) / span;
  return width * (a + b - 1.0);
}

Measurement Climate::measure(Timestamp t) {
  const std::int64_t ms = to_ms(t);
  const double day = std::sin(turn(ms, 86'400'000) - 0.75 * std::numbers::pi);  // warmest at three in the afternoon
  const double swing = std::sin(turn(ms, 420'000) + phase_);
  Measurement m{};
  m.temperature = hundredths(base_temperature_ + 3.0 * day + 0.1 * swing + noise(0.3));
  m.humidity = hundredths(base_humidity_ - 6.0 * day - 0.2 * swing + noise(0.8));
  m.pressure = hundredths(1013.0 + 2.0 * std::sin(turn(ms, 4 * 86'400'000)) + noise(0.2));
  m.door_open = random_() % 64 == 0;
  return m;
}

}  // namespace telltale::devices
