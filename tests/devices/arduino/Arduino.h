#pragma once

// Just enough of the Arduino core for the reference sketch to compile and run on the development machine, in
// simulated time. Behaviour follows the ESP32 core 2.x.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace arduino_test {

struct Board {
  std::uint32_t millis = 0;
  std::int64_t wall_clock_s = 0;  // time(nullptr); small until NTP answers
  std::uint32_t random = 12345;
  float temperature = 21.5f;
  bool wifi_connected = true;
};
inline Board board;

struct SerialPort {
  void begin(long) {}
};

}  // namespace arduino_test

inline arduino_test::SerialPort Serial;

inline std::uint32_t millis() { return arduino_test::board.millis; }
inline void delay(std::uint32_t ms) { arduino_test::board.millis += ms; }
inline std::uint32_t esp_random() {
  auto& state = arduino_test::board.random;
  state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
  return state;
}
inline float temperatureRead() { return arduino_test::board.temperature; }
inline void configTime(long, int, const char*) {}
inline std::int64_t simulated_time() { return arduino_test::board.wall_clock_s; }

using std::fabs;
using std::isfinite;
using std::isnan;

// The sketch asks the C library for the time; here the board has it.
#define time(ignored) simulated_time()
