#include "analytics/distinct_starts.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <set>
#include <utility>

using namespace telltale;
using analytics::DistinctStarts;

TEST_CASE("the first start of an identity is its own, a later one too", "[analytics]") {
  DistinctStarts starts;
  CHECK(starts.take(1, from_ms(1000)) == from_ms(1000));
  CHECK(starts.take(1, from_ms(1001)) == from_ms(1001));
  CHECK(starts.take(2, from_ms(1000)) == from_ms(1000));
}

TEST_CASE("a start that is not later than the last one becomes the next millisecond", "[analytics]") {
  DistinctStarts starts;
  CHECK(starts.take(1, from_ms(1000)) == from_ms(1000));
  CHECK(starts.take(1, from_ms(1000)) == from_ms(1001));
  CHECK(starts.take(1, from_ms(7)) == from_ms(1002));
  CHECK(starts.take(1, from_ms(1002)) == from_ms(1003));
}

TEST_CASE("no identity has a start twice, though most identities are dropped and the state is stored in between",
          "[analytics]") {
  std::mt19937 random(20251121);
  const auto upto = [&](int last) { return std::uniform_int_distribution<int>(0, last)(random); };
  DistinctStarts starts(8);
  std::set<std::pair<std::uint64_t, Timestamp>> used;
  for (int i = 0; i < 20'000; ++i) {
    const auto identity = static_cast<std::uint64_t>(upto(30));
    REQUIRE(used.emplace(identity, starts.take(identity, from_ms(i / 10 - upto(50)))).second);
    REQUIRE(starts.remembered() <= 8);
    if (i % 100 != 0) continue;
    std::string bytes;
    proto::ByteWriter out(bytes);
    starts.encode(out);
    DistinctStarts next(8);
    proto::ByteReader in(bytes);
    REQUIRE(next.decode(in));
    REQUIRE(in.at_end());
    starts = next;
  }
}

TEST_CASE("absurd starts are as good as any", "[analytics]") {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  DistinctStarts starts(2);
  std::set<Timestamp> used;
  for (const auto ms : {highest, highest, lowest, lowest, std::int64_t{0}})
    CHECK(used.insert(starts.take(1, from_ms(ms))).second);
}
