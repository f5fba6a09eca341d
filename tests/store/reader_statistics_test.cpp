#include <catch2/catch.hpp>
#include <cmath>
#include <thread>

#include "store/day.hpp"
#include "store/moments.hpp"
#include "store/statistics.hpp"
#include "tests/store/settling.hpp"

using namespace telltale;
using namespace telltale::test;
using store::Sample;

namespace {

std::vector<Timestamp> times(std::initializer_list<std::int64_t> seconds) {
  std::vector<Timestamp> out;
  for (const auto s : seconds) out.push_back(from_ms(start_ms + s * 1000));
  return out;
}

store::Range seconds(std::int64_t length) { return {from_ms(start_ms), from_ms(start_ms + length * 1000)}; }

}  // namespace

TEST_CASE("the hour-of-day profile follows the distance from UTC", "[store]") {
  const std::vector<Sample> samples{{from_ms(-1), 5},  // 23:59:59.999 the day before 1970
                                    {from_ms(0), 1},
                                    {from_ms(30 * 60'000), 3},
                                    {from_ms(store::day_ms), 5}};
  const auto utc = store::hour_profile(samples, std::chrono::minutes(0));
  CHECK(utc[0].n == 3);
  CHECK(utc[0].mean == 3);
  CHECK(utc[0].stddev == Approx(std::sqrt(8.0 / 3)));
  CHECK(utc[0].min == 1);
  CHECK(utc[0].max == 5);
  CHECK(utc[23].n == 1);
  CHECK(utc[12].n == 0);
  CHECK(utc[12].mean == 0);
  const auto india = store::hour_profile(samples, std::chrono::minutes(330));
  CHECK(india[5].n == 3);
  CHECK(india[6].n == 1);
  CHECK(store::hour_profile(samples, std::chrono::minutes(-60))[23].n == 3);
}

TEST_CASE("completeness counts what a device owes by its own period", "[store]") {
  // A reading every 10 s, two of ten are missing.
  const auto seen = times({0, 10, 20, 30, 50, 60, 70, 90});
  const auto own = store::completeness(seen, seconds(100), std::nullopt);
  REQUIRE(own);
  CHECK(own->seen == 8);
  CHECK(own->expected == 10);
  CHECK(own->period == Millis{10'000});
  CHECK(own->ratio == Approx(0.8));
  CHECK(store::completeness(seen, seconds(100), Millis{20'000})->ratio == 1.0);  // more than owed
  CHECK(store::completeness(seen, seconds(100), Millis{5'000})->expected == 20);
  CHECK_FALSE(store::completeness(times({0}), seconds(100), std::nullopt));
  CHECK(store::completeness({}, seconds(100), Millis{10'000})->ratio == 0);
  CHECK_FALSE(store::completeness(seen, seconds(0), std::nullopt));
}

TEST_CASE("day over day compares neighbours only", "[store]") {
  const auto day = [](std::int64_t n, double mean) {
    return store::SummaryBucket{from_ms(n * store::day_ms), {1, mean, 0, mean, mean, mean}};
  };
  const auto changes = store::day_over_day({day(1, 10), day(2, 15), day(4, 20), day(5, 0), day(6, 1)});
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].day == from_ms(2 * store::day_ms));
  CHECK(changes[0].difference == 5);
  CHECK(changes[0].ratio == 1.5);
  CHECK(changes[1].difference == -20);
  CHECK_FALSE(changes[2].ratio);  // nothing can be compared to zero
}

TEST_CASE("outliers are judged by the range's own mean and spread", "[store]") {
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back({from_ms(i), i % 2 == 0 ? 10.0 : 12.0});
  samples[40].value = 40;
  const auto found = store::outliers(samples, 3);
  REQUIRE(found.size() == 1);
  CHECK(found[0].sample == samples[40]);
  CHECK(found[0].z == Approx((40 - 11.3) / std::sqrt(9.21)).epsilon(0.01));
  for (auto& sample : samples) sample.value = 0.1;
  CHECK(store::outliers(samples, 0).empty());
}

TEST_CASE("a spread that is lost in sums is known to be lost", "[store]") {
  double sum = 0, sumsq = 0;
  store::Moments single;
  for (int i = 0; i < 1000; ++i) {
    const double x = 1e9 + i % 2;
    single.add(x);
    sum += x;
    sumsq += x * x;
  }
  CHECK(single.stddev() == Approx(0.5));
  CHECK(single.stddev_is_sound());
  CHECK_FALSE(store::Moments::of(1000, 1e9, 1e9 + 1, sum, sumsq, 1e9).stddev_is_sound());
  CHECK(store::Moments::of(1000, 7, 7, 7000, 49'000, 7).stddev_is_sound());
  // Beside a large spread elsewhere it does not matter.
  auto both = store::Moments::of(1000, 1e9, 1e9 + 1, sum, sumsq, 1e9);
  both.add(store::Moments::of(1000, 1e8, 2e8, 1.5e11, 2.35e19, 1e8));
  CHECK(both.stddev_is_sound());
}

TEST_CASE("statistics through the store see sealed and unsealed readings alike", "[store]") {
  World world;
  auto store = world.open();
  const auto reader = world.reader();
  auto batch = batch_of({});
  add_names(*batch, 1);
  for (int i = 0; i < 360; ++i) batch->readings.push_back(number(1, start_ms + i * 10'000, i == 100 ? 500 : i % 7));
  add_text(*batch, 1, start_ms + 5, "restarted");
  REQUIRE(store.append(batch));
  const store::Range hour{from_ms(start_ms), from_ms(start_ms + store::hour_ms)};
  const auto look = [&] {
    CHECK(reader.downsampled(series_1, hour, 50, store::Downsampling::lttb).size() == 50);
    CHECK(reader.downsampled(series_1, hour, 50, store::Downsampling::min_max).size() <= 50);
    const auto complete = reader.completeness(series_1, hour);
    REQUIRE(complete);
    CHECK(complete->seen == 361);
    CHECK(complete->period == Millis{10'000});
    CHECK(complete->ratio == 1.0);
    const auto outliers = reader.outliers(series_1, hour, 4);
    REQUIRE(outliers.size() == 1);
    CHECK(outliers[0].sample.value == 500);
    const auto profile = reader.hour_profile(series_1, hour, std::chrono::minutes(0));
    CHECK(profile[4].n + profile[5].n == 360);
    CHECK(reader.fleet(hour).n == 360);
    CHECK(reader.shared_directory()->series.size() == 1);
  };
  look();
  const auto known = reader.shared_directory();
  CHECK(reader.shared_directory() == known);
  REQUIRE(seal(world, store));
  look();
}

TEST_CASE("a long-living reader lets go of files that the manifest no longer names", "[store]") {
  World world;
  world.options.raw_retention_days = 2;
  auto store = world.open();
  auto batch = batch_of({number(1, start_ms, 1)});
  add_names(*batch, 1);
  REQUIRE(store.append(batch));
  REQUIRE(seal(world, store));
  const auto reader = world.reader();
  REQUIRE(reader.rows(series_1, everything).size() == 1);
  world.clock.advance(std::chrono::hours(24 * 5));
  REQUIRE(seal(world, store));
  REQUIRE(eventually([&] { return world.files_in("day") == 0; }));
  CHECK(reader.rows(series_1, everything).empty());
  std::size_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().find("/day/") != std::string::npos) ++open;
  }
  CHECK(open == 0);
  // Its hour is still known.
  const auto hours = reader.aggregate(series_1, everything, Millis{store::hour_ms}, store::Aggregate::count);
  REQUIRE(hours.size() == 1);
  CHECK(hours[0].value == 1);
  CHECK(reader.aggregate(series_1, everything, Millis{60'000}, store::Aggregate::count).empty());
}
