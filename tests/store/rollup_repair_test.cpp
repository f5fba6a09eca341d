#include "store/rollup.hpp"

#include <catch2/catch.hpp>

#include "tests/store/old_folder.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

const auto month = store::month_of_day(store::day_of(yesterday_ms));

fs::path rollup_path(const OldFolder& old, store::RollupStep step) {
  return old.path("rollup") / to_string(store::RollupFileName{month, "raw", step});
}

std::vector<store::RollupRow> rows_of(const fs::path& file) {
  std::vector<store::RollupRow> out;
  store::RollupFile::open_read_only(file).each(INT64_MIN / 2, INT64_MAX / 2, [&](const auto& r) { out.push_back(r); });
  return out;
}

/// What an aggregate over the closed day says, which comes from the rollups when they are there.
std::uint64_t count_by_hours(const OldFolder& old) {
  const auto from = store::day_of(yesterday_ms) * store::day_ms;
  std::uint64_t n = 0;
  for (std::uint32_t s = 1; s <= series_count; ++s)
    for (const auto& bucket :
         old.world.reader().aggregate(static_cast<proto::SeriesId>(s), {from_ms(from), from_ms(from + store::day_ms)},
                                      Millis{store::hour_ms}, store::Aggregate::count))
      n += static_cast<std::uint64_t>(bucket.value);
  return n;
}

bool mended(const OldFolder& old, const fs::path& file) {
  const auto entry = store::Catalog::open_read_only(old.world.options.path).rollup_file(file.filename().string());
  return entry && entry->complete && fs::exists(file);
}

}  // namespace

TEST_CASE("a deleted rollup file is missed by verify and at the start, and made again from the readings", "[store]") {
  const auto steps = GENERATE(std::vector{store::RollupStep::hour}, std::vector{store::RollupStep::day},
                              std::vector{store::RollupStep::hour, store::RollupStep::day});
  OldFolder old;
  const auto counted = count_by_hours(old);
  REQUIRE(counted > 0);
  std::vector<std::vector<store::RollupRow>> before;
  for (const auto step : steps) {
    before.push_back(rows_of(rollup_path(old, step)));
    fs::remove(rollup_path(old, step));
  }
  const auto lines = old.verify();
  INFO(all(lines));
  CHECK(lines.size() == steps.size());
  for (const auto step : steps)
    CHECK(one_has(lines, {rollup_path(old, step).filename().c_str(), "the catalog lists it but it is not there",
                          "of the 1 closed days that have readings are made again by the service"}));
  CHECK(count_by_hours(old) == counted);

  auto store = old.world.open();
  REQUIRE(eventually(
      [&] { return std::ranges::all_of(steps, [&](auto step) { return mended(old, rollup_path(old, step)); }); }));
  for (const auto step : steps)
    CHECK(old.world.log.count_containing(rollup_path(old, step).string() + ": it is not there") == 1);
  CHECK(store.damaged() == steps.size());
  old.seal(store, old.append(store, batch_of({number(2, start_ms + 9, 9)})));
  store.stop();
  CHECK(all(old.verify()) == "");
  for (std::size_t i = 0; i < steps.size(); ++i) CHECK(rows_of(rollup_path(old, steps[i])) == before[i]);
  CHECK(count_by_hours(old) == counted);
}

TEST_CASE("a rollup file that is deleted under the running service does not come back with a few rows", "[store]") {
  OldFolder old;
  const auto file = rollup_path(old, store::RollupStep::hour);
  const auto rows = rows_of(file).size();
  auto store = old.world.open();
  const auto late = yesterday_ms + 3 * store::hour_ms;
  old.seal(store, old.append(store, batch_of({number(2, start_ms + 9, 9)})));
  fs::remove(file);
  old.seal(store, old.append(store, batch_of({number(9, late, 77)})));
  REQUIRE(eventually([&] { return mended(old, file) && rows_of(file).size() == rows + 1; }));
  store.stop();
  CHECK(all(old.verify()) == "");
}

TEST_CASE("of days whose readings have gone, days are made again from hours; hours are lost, and said", "[store]") {
  const auto step = GENERATE(store::RollupStep::hour, store::RollupStep::day);
  CAPTURE(to_string(step));
  OldFolder old;
  old.world.options.raw_retention_days = 0;  // yesterday goes
  {
    auto store = old.world.open();
    REQUIRE(eventually([&] { return !old.listed(yesterday_ms); }));
    store.stop();
  }
  const auto file = rollup_path(old, step);
  const auto before = rows_of(file);
  fs::remove(file);
  auto store = old.world.open();
  REQUIRE(eventually([&] { return mended(old, file); }));
  store.stop();
  const auto after = rows_of(file);
  if (step == store::RollupStep::hour) {
    CHECK(after.empty());
    CHECK(old.world.log.count_containing("the hours of 1 day (20251120) are lost with their readings") == 1);
  } else {
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(after[i].n == before[i].n);
      CHECK(after[i].max == before[i].max);
      CHECK(after[i].sum == Approx(before[i].sum));
      CHECK(after[i].last == before[i].last);
    }
  }
  CHECK(all(old.verify()) == "");
}

TEST_CASE("a reader that has seen a rollup file go reads the readings instead", "[store]") {
  const auto step = GENERATE(store::RollupStep::hour, store::RollupStep::day);
  const OldFolder old;
  const auto reader = old.world.reader();
  REQUIRE(reader.rows(series_1, everything).size() > 0);  // it knows which files there are, and has no rollup open
  const auto count = [&](const store::Reader& asked) {
    const auto length = Millis{step == store::RollupStep::hour ? store::hour_ms : store::day_ms};
    std::vector<std::pair<std::int64_t, double>> out;
    for (const auto& bucket : asked.aggregate(series_1, everything, length, store::Aggregate::count))
      out.emplace_back(to_ms(bucket.start), bucket.value);
    return out;
  };
  const auto counted = count(old.world.reader());
  fs::remove(rollup_path(old, step));
  CHECK(count(reader) == counted);
}

TEST_CASE("a rollup file that could not be made is not missed as one that was lost", "[store]") {
  World world;
  const auto file =
      world.options.path / "rollup" / to_string(store::RollupFileName{month, "raw", store::RollupStep::hour});
  const auto closed = [&] {
    const auto files = store::Catalog::open_read_only(world.options.path).day_files(INT64_MIN, INT64_MAX);
    return !files.empty() && files.front().closed;
  };
  auto store = world.open();
  const auto seal = [&](std::int64_t ts) {
    REQUIRE(store.append(batch_of({number(1, ts, 1)})));
    REQUIRE(store.rotate());
    const auto next = store.append(batch_of({}));
    REQUIRE(next);
    REQUIRE(eventually([&] {
      store.checkpointed(*next);
      return world.files_in("log") == 1;
    }));
  };
  // After the second one the round of the first has ended: it has looked for files that the catalog does not list.
  for (const int i : {1, 2}) seal(start_ms + i);
  fs::create_symlink(world.folder.path() / "not mounted" / "file", file);
  seal(yesterday_ms);
  REQUIRE(eventually([&] { return world.log.count_containing("closing days waits") == 1; }));
  fs::remove(file);
  REQUIRE(eventually(closed));
  store.stop();
  CHECK(store.damaged() == 0);
  CHECK(world.log.count_containing("it is not there") == 0);
  CHECK(rows_of(file).size() == 1);
}

TEST_CASE("rollups of a day with a damaged chunk are not replaced by what is left of it", "[store]") {
  OldFolder old;
  const auto file = old.day_path(yesterday_ms);
  const bool closed_again = GENERATE(false, true);
  CAPTURE(closed_again);
  flip(file, place_of_chunk(file, true, 7) + 20);
  auto store = old.world.open();
  auto late = batch_of({});
  const int count = closed_again ? readings_per_series * static_cast<int>(series_count) / 8 : 1;
  for (int i = 0; i < count; ++i)
    for (const std::uint32_t series : {7u, 8u})
      late->readings.push_back(number(series, yesterday_ms + 3 * store::hour_ms + i, i));
  old.seal(store, old.append(store, late));
  REQUIRE(eventually([&] { return (old.day_path(yesterday_ms) != file) == closed_again; }));
  store.stop();
  for (const auto& row : rows_of(rollup_path(old, store::RollupStep::day))) {
    if (row.series == proto::SeriesId{7}) CHECK(row.n >= readings_per_series);
    if (row.series == proto::SeriesId{8}) CHECK(row.n == static_cast<std::uint64_t>(readings_per_series + count));
  }
  for (const auto& row : rows_of(rollup_path(old, store::RollupStep::hour)))
    if (row.t == yesterday_ms / store::hour_ms * store::hour_ms) CHECK(row.n == readings_per_series);
  CHECK(old.world.log.count_containing("rollups that were made from them stay as they are") >= 1);
  CHECK(store::Catalog::open_read_only(old.world.options.path).has_lost_readings(store::day_of(yesterday_ms), "raw"));
}
