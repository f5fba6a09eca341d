#include <catch2/catch.hpp>
#include <limits>

#include "analytics/timer_wheel.hpp"

using namespace telltale;
using namespace telltale::analytics;

namespace {

Timer at(std::int64_t ms, std::uint64_t subject) { return {instant_from_ms(ms), subject, TimerKind::alert}; }

std::vector<std::uint64_t> take_all(TimerWheel& wheel, std::int64_t until) {
  std::vector<std::uint64_t> subjects;
  while (const auto t = wheel.take_due(instant_from_ms(until))) subjects.push_back(t->subject);
  return subjects;
}

}  // namespace

TEST_CASE("timers fire by deadline, then by insertion, however far away they were", "[analytics]") {
  TimerWheel wheel;
  wheel.add(at(1'000'000, 1));
  wheel.add(at(70, 2));
  wheel.add(at(1'000'000, 3));
  wheel.add(at(69, 4));
  CHECK(wheel.earliest() == instant_from_ms(69));
  CHECK(take_all(wheel, 68).empty());
  CHECK(take_all(wheel, 999'999) == std::vector<std::uint64_t>{4, 2});
  wheel.add(at(1'000'000, 5));
  CHECK(wheel.earliest() == instant_from_ms(1'000'000));
  CHECK(take_all(wheel, 1'000'000) == std::vector<std::uint64_t>{1, 3, 5});
  CHECK(wheel.empty());
}

TEST_CASE("a timer that is added while its millisecond is being served fires with it", "[analytics]") {
  TimerWheel wheel;
  wheel.add(at(500, 1));
  wheel.add(at(500, 2));
  REQUIRE(wheel.take_due(instant_from_ms(500))->subject == 1);
  wheel.add(at(500, 3));
  wheel.add(at(10, 4));  // long past
  CHECK(take_all(wheel, 500) == std::vector<std::uint64_t>{2, 3, 4});
}

TEST_CASE("settling drops what no longer holds and moves what is due later", "[analytics]") {
  TimerWheel wheel;
  for (std::uint64_t i = 0; i < 100; ++i) wheel.add(at(5'000 + static_cast<std::int64_t>(i), i));
  wheel.settle([](const Timer& t) -> std::optional<Instant> {
    if (t.subject % 2 == 0) return std::nullopt;
    return t.subject == 99 ? t.deadline : std::max(t.deadline, instant_from_ms(7'000));
  });
  CHECK(wheel.earliest() == instant_from_ms(5'099));
  CHECK(take_all(wheel, 6'999) == std::vector<std::uint64_t>{99});
  CHECK(take_all(wheel, 7'000).size() == 49);
}

TEST_CASE("a wheel comes back from its bytes with the same order", "[analytics]") {
  TimerWheel wheel;
  for (std::uint64_t i = 0; i < 50; ++i) wheel.add(at(i % 2 == 0 ? 90'000 : 100 + static_cast<std::int64_t>(i), i));
  static_cast<void>(take_all(wheel, 130));
  std::string bytes;
  proto::ByteWriter out(bytes);
  wheel.encode(out);
  TimerWheel copy;
  proto::ByteReader in(bytes);
  REQUIRE(copy.decode(in));
  CHECK(in.at_end());
  copy.add(at(90'000, 1000));
  wheel.add(at(90'000, 1000));
  CHECK(take_all(copy, 200'000) == take_all(wheel, 200'000));
}

TEST_CASE("the largest deadlines there are do no harm", "[analytics]") {
  TimerWheel wheel;
  wheel.add(at(std::numeric_limits<std::int64_t>::max(), 1));
  wheel.add(at(std::numeric_limits<std::int64_t>::min(), 2));
  CHECK(take_all(wheel, 0) == std::vector<std::uint64_t>{2});
  CHECK_FALSE(wheel.empty());
}
