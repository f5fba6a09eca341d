#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <tuple>

#include "backtest/memory_history.hpp"
#include "backtest/store_history.hpp"
#include "tests/store/settling.hpp"
#include "tests/store/store_life.hpp"

namespace telltale::test {
namespace {

std::vector<std::tuple<std::int64_t, std::uint32_t, double>> all_of(backtest::History& history, store::Range range) {
  std::vector<std::tuple<std::int64_t, std::uint32_t, double>> out;
  std::vector<proto::Reading> piece;
  for (history.start(range); history.next(piece);)
    for (const auto& r : piece) out.emplace_back(to_ms(r.ts), to_number(r.series), r.number);
  return out;
}

TEST_CASE("stored history comes in the order of time, however small its pieces", "[backtest]") {
  CHECK(rc::check([] {
    constexpr std::uint32_t series = 3;
    StoreLife life(series, 90);
    std::map<std::pair<std::int64_t, std::uint32_t>, double> kept;
    double value = 0;
    for (int b = *rc::gen::inRange(1, 6); b > 0; --b) {
      auto batch = batch_of({}, life.now_ms());
      for (int n = *rc::gen::inRange(0, 60); n > 0; --n) {
        const auto id = *rc::gen::inRange<std::uint32_t>(1, series + 1);
        const auto ts = start_ms - *rc::gen::inRange<std::int64_t>(0, 4 * 24 * 60) * 60'000;
        kept[{ts, id}] = ++value;
        batch->readings.push_back(number(id, ts, value));
      }
      life.append(batch);
      if (*rc::gen::arbitrary<bool>()) RC_ASSERT(seal(life.world, *life.store));
    }
    const store::Range range{from_ms(start_ms - *rc::gen::inRange<std::int64_t>(0, 4 * 24 * 60) * 60'000),
                             from_ms(start_ms - *rc::gen::inRange<std::int64_t>(-1, 24 * 60) * 60'000)};
    std::vector<std::tuple<std::int64_t, std::uint32_t, double>> expected;
    for (const auto& [at, v] : kept)
      if (from_ms(at.first) >= range.from && from_ms(at.first) < range.to)
        expected.emplace_back(at.first, at.second, v);

    backtest::StoreHistory history(life.world.options.path, {}, *rc::gen::inRange<std::size_t>(1, 50));
    const auto given = all_of(history, range);
    RC_LOG() << given.size() << " given, " << expected.size() << " expected; extent " << to_ms(history.extent().from)
             << " to " << to_ms(history.extent().to);
    RC_ASSERT(given == expected);
    if (!kept.empty()) {
      RC_ASSERT(history.extent().from == from_ms(kept.begin()->first.first));
      RC_ASSERT(history.extent().to == from_ms(kept.rbegin()->first.first + 1));
    }
  }));
}

TEST_CASE("of readings in memory the last one given for a time counts", "[backtest]") {
  store::Directory directory;
  directory.devices.push_back({device_1, "default", "hall", "d1", {}});
  directory.series.push_back({series_1, device_1, "m1", "", 0});
  backtest::MemoryHistory history(directory, {number(1, 2000, 5), number(1, 1000, 1), number(1, 2000, 6)});
  CHECK(all_of(history, history.extent()) ==
        std::vector<std::tuple<std::int64_t, std::uint32_t, double>>{{1000, 1, 1.0}, {2000, 1, 6.0}});
  CHECK(all_of(history, {from_ms(0), from_ms(2000)}).size() == 1);
  CHECK(history.shape(series_1, history.extent(), 10).size() == 2);
}

TEST_CASE("patterns choose series and the devices that have them", "[backtest]") {
  store::Directory all;
  all.devices = {{proto::DeviceKey{1}, "default", "hall", "pump-1", {}},
                 {proto::DeviceKey{2}, "default", "yard", "pump-2", {}}};
  all.series = {{proto::SeriesId{1}, proto::DeviceKey{1}, "flow", "", 0},
                {proto::SeriesId{2}, proto::DeviceKey{2}, "flow", "", 0},
                {proto::SeriesId{3}, proto::DeviceKey{2}, "heat", "", 0}};
  CHECK(backtest::matching(all, {}).series.size() == 3);
  const auto some = backtest::matching(all, {.device = "pump-*", .metric = "heat"});
  REQUIRE(some.series.size() == 1);
  REQUIRE(some.devices.size() == 1);
  CHECK(some.devices[0].device == "pump-2");
  CHECK(backtest::matching(all, {.site = "attic"}).series.empty());
}

}  // namespace
}  // namespace telltale::test
