#include "bench/telemetry.hpp"

namespace telltale::bench {

namespace {

constexpr std::int64_t jitter_ms = 20;

/// Spreads close seeds over all bits (splitmix64, Steele, Lea, Flood 2014).
std::uint64_t spread(std::uint64_t x) noexcept {
  x += 0x9E37'79B9'7F4A'7C15;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
  return x ^ (x >> 31);
}

/// xorshift64 (Marsaglia 2003); the state is never 0.
std::uint64_t turn(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/// -most ... most from 16 random bits.
std::int64_t between(std::uint64_t bits, std::int64_t most) noexcept {
  return (static_cast<std::int64_t>(bits & 0xFFFF) * (2 * most + 1) >> 16) - most;
}

}  // namespace

Telemetry::Telemetry(TelemetryShape shape) : shape_(shape) {
  walks_.reserve(shape.series);
  for (std::uint32_t i = 0; i < shape.series; ++i) {
    const auto random = spread(shape.seed * 0x1'0000'0001 + i) | 1;
    Walk walk{static_cast<std::int64_t>(random % 3000), 8, 100, static_cast<std::int64_t>(i) * 7919 % shape.period_ms,
              random};
    switch (i % 10) {
      case 7:
        walk.divisor = 10;
        walk.step = 2;
        break;
      case 8:
        walk.divisor = 1000;
        walk.step = 40;
        walk.value *= 10;
        break;
      case 9:
        walk.step = 0;
        break;
      default:
        break;
    }
    walks_.push_back(walk);
  }
}

Telemetry::Sample Telemetry::next() noexcept {
  auto& walk = walks_[next_series_];
  const auto bits = turn(walk.random);
  if (walk.step != 0) walk.value += between(bits, walk.step);
  const auto ts = shape_.start_ms + tick_ * shape_.period_ms + walk.phase_ms + between(bits >> 20, jitter_ms);
  const Sample sample{next_series_, ts, static_cast<double>(walk.value) / static_cast<double>(walk.divisor)};
  if (++next_series_ == shape_.series) {
    next_series_ = 0;
    ++tick_;
  }
  return sample;
}

}  // namespace telltale::bench
