#include <rapidcheck.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "store/day.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

constexpr std::uint32_t series_count = 3;

/// What the store should say: per series, the last value given for each time.
using Model = std::map<std::uint32_t, std::map<std::int64_t, double>>;

std::map<std::int64_t, double> rows_of(const store::Reader& reader, std::uint32_t series, store::Range range) {
  std::map<std::int64_t, double> out;
  std::int64_t previous = INT64_MIN;
  for (const auto& row : reader.rows(static_cast<proto::SeriesId>(series), range)) {
    RC_ASSERT(to_ms(row.ts) > previous);
    previous = to_ms(row.ts);
    out.emplace(previous, row.number);
  }
  return out;
}

void compare(const World& world, const Model& model) {
  const auto reader = world.reader();
  for (const auto& [series, expected] : model) {
    RC_ASSERT(rows_of(reader, series, everything) == expected);
    const auto id = static_cast<proto::SeriesId>(series);
    const auto latest = reader.latest(id);
    RC_ASSERT(latest.has_value());
    RC_ASSERT(to_ms(latest->ts) == expected.rbegin()->first);
    RC_ASSERT(latest->number == expected.rbegin()->second);
    const auto middle = expected.begin()->first + (expected.rbegin()->first - expected.begin()->first) / 2;
    const auto part = rows_of(reader, series, {from_ms(middle), everything.to});
    const std::map<std::int64_t, double> expected_part(expected.lower_bound(middle), expected.end());
    RC_ASSERT(part == expected_part);
    double counted = 0;
    for (const auto& bucket : reader.aggregate(id, everything, Millis{store::hour_ms}, store::Aggregate::count))
      counted += bucket.value;
    RC_ASSERT(counted == static_cast<double>(expected.size()));
  }
}

std::shared_ptr<proto::Batch> random_batch(Model& model, double& next_value) {
  auto batch = batch_of({});
  const auto count = *rc::gen::inRange(0, 12);
  for (int i = 0; i < count; ++i) {
    const auto series = *rc::gen::inRange<std::uint32_t>(1, series_count + 1);
    // Few distinct times, so that they collide; hours and days, so that pieces lie in several files.
    const auto ts = start_ms + *rc::gen::inRange<std::int64_t>(0, 6) +
                    *rc::gen::inRange<std::int64_t>(0, 3) * store::hour_ms -
                    *rc::gen::inRange<std::int64_t>(0, 3) * store::day_ms;
    batch->readings.push_back(number(series, ts, ++next_value));
    model[series][ts] = next_value;
  }
  return batch;
}

}  // namespace

TEST_CASE("under any order of appends, rotations, checkpoints and restarts, rows read equal rows given",
          "[store][property]") {
  CHECK(rc::check([] {
    World world;
    Model model;
    double next_value = 0;
    auto store = std::make_unique<store::Store>(world.options, world.clock, world.log, world.metrics);
    proto::LogPosition end;
    const auto steps = *rc::gen::inRange(1, 25);
    for (int step = 0; step < steps; ++step) {
      switch (*rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {2, 2}, {1, 3}, {2, 4}})) {
        case 0: {
          const auto position = store->append(random_batch(model, next_value));
          RC_ASSERT(position.has_value());
          RC_ASSERT(position->sequence == end.sequence + 1);
          end = *position;
          break;
        }
        case 1:
          RC_ASSERT(store->rotate().has_value());
          break;
        case 2:
          store->checkpointed(end);
          break;
        case 3:
          store.reset();
          store = std::make_unique<store::Store>(world.options, world.clock, world.log, world.metrics);
          break;
        default:
          compare(world, model);
          break;
      }
    }
    compare(world, model);
    store->stop();
    compare(world, model);
  }));
}

TEST_CASE("a reader beside a writer sees all that was committed before it looked, in order", "[store][lesson-20]") {
  World world;
  world.options.rotate_readings = 40;
  auto store = world.open();
  auto first = batch_of({number(1, start_ms, 0)});
  add_names(*first, 1);
  REQUIRE(store.append(first));
  std::atomic<int> committed{1};
  std::atomic<bool> failed{false};
  constexpr int batches = 600;
  std::jthread writer([&] {
    for (int i = 1; i < batches; ++i) {
      const auto position = store.append(batch_of({number(1, start_ms + i * 100'000, i)}));
      if (!position || (store.rotation_due() && !store.rotate())) failed = true;
      if (position) store.checkpointed(*position);
      committed = i + 1;
    }
  });
  const auto reader = world.reader();
  for (int seen = 0; seen < batches && !failed;) {
    const auto before = committed.load();
    const auto rows = reader.rows(series_1, everything);
    REQUIRE(rows.size() >= static_cast<std::size_t>(before));
    seen = static_cast<int>(rows.size());
    for (int i = 0; i < seen; ++i) REQUIRE(rows[static_cast<std::size_t>(i)].number == i);
    REQUIRE(reader.latest(series_1)->number >= before - 1);
    REQUIRE(reader.directory().series.size() == 1);
  }
  CHECK_FALSE(failed);
}
