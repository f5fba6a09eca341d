#include "ingest/log_clock.hpp"

#include <catch2/catch.hpp>

#include "tests/support/simulated_clock.hpp"

using namespace std::chrono_literals;
using telltale::Timestamp;
using telltale::ingest::LogClock;
using telltale::test::SimulatedClock;

TEST_CASE("log time advances with the monotonic clock and ignores small corrections", "[ingest]") {
  SimulatedClock clock;
  const auto start = clock.now();
  LogClock log_clock{clock, std::nullopt};
  clock.advance(10s);
  clock.step(-1500ms);
  CHECK(log_clock.now() == start + 10s);
  CHECK_FALSE(log_clock.step_pending());
}

TEST_CASE("a wall clock that runs away by more than 2 s is one step, and log time follows it", "[ingest]") {
  const auto by = GENERATE(values<telltale::Millis>({3600s, -3600s, 2001ms, -2001ms}));
  CAPTURE(by.count());
  SimulatedClock clock;
  const auto start = clock.now();
  LogClock log_clock{clock, std::nullopt};
  clock.advance(5s);
  clock.step(by);

  CHECK(log_clock.now() == start + 5s + by);
  REQUIRE(log_clock.step_pending());
  const auto step = *log_clock.take_step();
  CHECK(step.from == start + 5s);
  CHECK(step.to == start + 5s + by);
  CHECK_FALSE(log_clock.take_step());

  clock.advance(1s);
  CHECK(log_clock.now() == start + 6s + by);
  CHECK_FALSE(log_clock.step_pending());
}

TEST_CASE("log time does not go back over a restart", "[ingest]") {
  SimulatedClock clock;
  SECTION("a wall clock a little behind waits for it") {
    LogClock log_clock{clock, clock.now() + 1s};
    const auto last = clock.now() + 1s;
    CHECK(log_clock.now() == last);
    CHECK_FALSE(log_clock.step_pending());
  }
  SECTION("a wall clock far behind is a step") {
    const auto last = clock.now() + 1h;
    LogClock log_clock{clock, last};
    CHECK(log_clock.now() == clock.now());
    REQUIRE(log_clock.step_pending());
    CHECK(log_clock.take_step()->from == last);
  }
}

TEST_CASE("a process that is not run between its looks at two clocks sees no step", "[ingest][lesson-24]") {
  /// At its `stalled`-th look the process had to wait for a minute first.
  struct StallingClock final : telltale::Clock {
    telltale::Timestamp now() const override {
      look();
      return time.now();
    }
    std::chrono::steady_clock::time_point steady_now() const override {
      look();
      return time.steady_now();
    }
    void look() const {
      if (looks++ == stalled) time.advance(1min);
    }
    mutable telltale::test::SimulatedClock time;
    mutable int looks = 0;
    int stalled = 0;
  };
  StallingClock clock;
  clock.stalled = GENERATE(range(0, 12));
  CAPTURE(clock.stalled);
  LogClock log_clock{clock, std::nullopt};
  for (int i = 0; i < 4; ++i) {
    const auto seen = log_clock.now();
    CHECK(seen == clock.time.now());
    CHECK(!log_clock.step_pending());
    clock.time.advance(1s);
  }
}
