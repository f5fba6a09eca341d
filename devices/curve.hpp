#pragma once

#include <cstdint>
#include <random>

#include "proto/clock.hpp"

namespace telltale::devices {

/// One row of what a simulated device measures.
struct Measurement {
  double temperature;  // degrees Celsius
  double humidity;     // percent
  double pressure;     // hPa
  bool door_open;
};

/// A room's climate: a daily curve, a slow swing of minutes, and sensor noise with a bounded (triangular)
/// distribution, so that a quiet fleet has no four-sigma readings by chance. Deterministic in seed and time.
class Climate {
 public:
  explicit Climate(std::uint64_t seed);
  [[nodiscard]] Measurement measure(Timestamp t);

 private:
  double noise(double width);

  std::mt19937_64 random_;
  double base_temperature_;
  double base_humidity_;
  double phase_;  // of the slow swing, radians
};

}  // namespace telltale::devices
