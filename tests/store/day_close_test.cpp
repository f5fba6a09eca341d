#include "store/day_close.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/day_retention.hpp"
#include "store/rollup.hpp"
#include "store/verify.hpp"
#include "tests/store/settling.hpp"

using namespace telltale;
using namespace telltale::test;
namespace fs = std::filesystem;

namespace {

std::vector<store::Catalog::DayFile> manifest(const World& world) {
  return store::Catalog::open_read_only(world.options.path).day_files(INT64_MIN, INT64_MAX);
}

const auto today = store::day_of(start_ms);

}  // namespace

TEST_CASE("a day is closed two hours after its end: one immutable file, series first, with ledger and names",
          "[store]") {
  World world;
  auto store = world.open();
  for (int i = 0; i < 3; ++i) {
    auto batch =
        batch_of({number(2, start_ms + i, i), number(1, start_ms + i, 10 + i), boolean(1, start_ms - 1, true)});
    if (i == 0) add_names(*batch, 2);
    REQUIRE(store.append(batch));
    REQUIRE(seal(world, store));
  }
  const auto end_of_day = (today + 1) * store::day_ms;
  world.clock.step(Millis{end_of_day + 2 * store::hour_ms - 1 - to_ms(world.clock.now())});
  REQUIRE(store.append(batch_of({number(1, end_of_day, 1)})));
  REQUIRE(seal(world, store));
  CHECK_FALSE(manifest(world).front().closed);

  world.clock.step(Millis{1});
  REQUIRE(seal(world, store, [&] { return manifest(world).front().closed; }));
  const auto file = manifest(world).front();
  CHECK(file.name == to_string(store::DayFileName{today, "raw", 1}));
  auto day = store::DayFile::open_closed(world.options.path / "day" / file.name);
  CHECK(day.ledger().size() == 3);
  CHECK(day.names().size() == 2);
  const auto heads = day.heads(series_1, INT64_MIN / 2, INT64_MAX / 2);
  REQUIRE(heads.size() == 2);  // one of each type
  CHECK(heads[0].header.n + heads[1].header.n == 4);
  CHECK_FALSE(fs::exists(world.options.path / "day" / to_string(store::DayFileName{today, "raw", 0})));
  CHECK(world.reader().rows(series_1, everything).size() == 5);
}

TEST_CASE("late readings stay beside a closed day until they are more than a tenth of it", "[store][lesson-18]") {
  World world;
  auto store = world.open();
  const auto yesterday = start_ms - store::day_ms;
  auto batch = batch_of({});
  for (int i = 0; i < 100; ++i) batch->readings.push_back(number(1, yesterday + i * 1000, i));
  REQUIRE(store.append(batch));
  REQUIRE(seal(world, store, [&] { return manifest(world).front().closed; }));
  const auto hour = [&] {
    const auto folder = world.options.path / "rollup";
    const store::RollupFileName name{store::month_of_day(today), "raw", store::RollupStep::hour};
    return store::RollupFile::open_read_only(folder / to_string(name))
        .rows(series_1, yesterday - store::hour_ms, yesterday + store::hour_ms);
  };
  REQUIRE(hour().size() == 1);
  CHECK(hour()[0].n == 100);

  REQUIRE(store.append(batch_of({number(1, yesterday + 5, 1000)})));
  REQUIRE(seal(world, store, [&] { return manifest(world).size() == 2; }));
  CHECK(hour()[0].n == 101);
  CHECK(hour()[0].max == 1000);
  CHECK(world.reader().rows(series_1, everything).size() == 101);

  auto many = batch_of({});
  for (int i = 0; i < 12; ++i) many->readings.push_back(number(1, yesterday + 10 + i, 5));
  REQUIRE(store.append(many));
  REQUIRE(seal(world, store, [&] { return manifest(world).size() == 1; }));
  CHECK(manifest(world).front().rev == 3);
  CHECK(hour()[0].n == 113);
  CHECK(world.reader().rows(series_1, everything).size() == 113);
}

TEST_CASE("tenants of another retention class have files of their own and keep them longer", "[store][lesson-22]") {
  World world;
  world.options.raw_retention_days = 2;
  world.options.hourly_retention_days = 40;
  world.options.retention = {{"long", {"b"}, 100, 0, 0}};
  auto store = world.open();
  auto batch = batch_of({number(1, start_ms, 1), number(2, start_ms, 2)});
  batch->add(proto::NewDevice{static_cast<proto::DeviceKey>(1), "a", "s", "d"});
  batch->add(proto::NewSeries{static_cast<proto::SeriesId>(1), static_cast<proto::DeviceKey>(1), "m", ""});
  batch->add(proto::NewDevice{static_cast<proto::DeviceKey>(2), "b", "s", "d"});
  batch->add(proto::NewSeries{static_cast<proto::SeriesId>(2), static_cast<proto::DeviceKey>(2), "m", ""});
  for (auto& event : batch->events) event.before_reading = 0;
  REQUIRE(store.append(batch));
  REQUIRE(seal(world, store, [&] { return manifest(world).size() == 2; }));

  const auto reopened_after = [&](std::int64_t days) {
    world.clock.step(Millis{days * store::day_ms});
    REQUIRE(store.append(batch_of({}, to_ms(world.clock.now()))));
    REQUIRE(seal(world, store, [&] { return manifest(world).size() == 1 && manifest(world).front().closed; }));
  };
  reopened_after(5);
  CHECK(manifest(world).front().klass == "long");
  CHECK(world.reader().rows(series_1, everything).empty());
  CHECK(world.reader().rows(static_cast<proto::SeriesId>(2), everything).size() == 1);
  CHECK(store::list_rollup_files(world.options.path / "rollup").size() == 4);

  world.clock.step(Millis{70 * store::day_ms});
  REQUIRE(store.append(batch_of({}, to_ms(world.clock.now()))));
  REQUIRE(seal(world, store, [&] { return store::list_rollup_files(world.options.path / "rollup").size() == 3; }));
  for (const auto& name : store::list_rollup_files(world.options.path / "rollup"))
    CHECK((name.klass == "long" || name.step == store::RollupStep::day));
}

TEST_CASE("retention rolls a day up that was never closed; want of space takes the oldest above the floor",
          "[store][lesson-22]") {
  World world;
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, start_ms, 7), number(1, start_ms + store::day_ms, 8)})));
    REQUIRE(seal(world, store, [&] { return manifest(world).size() == 2; }));
  }
  auto catalog = store::Catalog::open(world.options.path);
  store::DayClose close(world.options.path, catalog, world.log);
  const store::RetentionPolicy policy({"raw", {}, 10, 0, 0}, {});
  store::DayRetention retention(world.options.path, catalog, close, policy, world.log);
  SECTION("outlived") { retention.retain(today + 11); }
  SECTION("no space") {
    CHECK_FALSE(retention.give_up_oldest(today + 3, 3));
    CHECK(retention.give_up_oldest(today + 4, 3));
    CHECK_FALSE(retention.give_up_oldest(today + 4, 3));
  }
  REQUIRE(manifest(world).size() == 1);
  CHECK(manifest(world).front().day == today + 1);
  const store::RollupFileName name{store::month_of_day(today), "raw", store::RollupStep::day};
  const auto days = store::RollupFile::open_read_only(world.options.path / "rollup" / to_string(name))
                        .rows(series_1, 0, INT64_MAX / 2);
  REQUIRE(days.size() == 1);
  CHECK(days[0].sum == 7);
}

TEST_CASE("a day file that the catalog does not know goes only if its readings are elsewhere", "[store]") {
  World world;
  fs::path copy;
  std::string known;
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, start_ms, 7)})));
    REQUIRE(seal(world, store, [&] { return manifest(world).size() == 1; }));
    known = manifest(world).front().name;
  }
  const auto folder = world.options.path / "day";
  const bool elsewhere = GENERATE(true, false);
  copy = folder / to_string(store::DayFileName{elsewhere ? today : today - 1, "raw", 9});
  fs::copy_file(folder / known, copy);
  auto store = world.open();
  CHECK(eventually([&] { return !fs::exists(copy); }));
  const auto aside = folder / "damaged";
  CHECK(eventually([&] { return fs::exists(aside) != elsewhere; }));
  CHECK(eventually([&] { return (world.log.count_containing("does not know it") == 1) != elsewhere; }));
  CHECK(fs::exists(folder / known));
}

TEST_CASE("rollups outlive the loss of the readings that they were made from", "[store]") {
  World world;
  const auto yesterday = start_ms - store::day_ms;
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, yesterday, 3), number(1, yesterday + 1, 4)})));
    REQUIRE(seal(world, store, [&] { return manifest(world).front().closed; }));
  }
  const auto name = manifest(world).front().name;
  fs::resize_file(world.options.path / "day" / name, 4096 * 2);
  std::ofstream(world.options.path / "day" / name, std::ios::binary) << std::string(8192, '?');
  auto store = world.open();
  REQUIRE(store.append(batch_of({number(1, yesterday + 2, 5)})));
  REQUIRE(store.rotate());
  REQUIRE(store.append(batch_of({})));
  REQUIRE(eventually([&] { return world.log.count_containing("the old file is") == 1; }));
  REQUIRE(seal(world, store, [&] { return manifest(world).size() == 1 && manifest(world).front().closed; }));
  CHECK(world.reader().rows(series_1, everything).size() == 1);
  CHECK(store.damaged() == 1);
  const store::RollupFileName month{store::month_of_day(today), "raw", store::RollupStep::day};
  const auto days = store::RollupFile::open_read_only(world.options.path / "rollup" / to_string(month))
                        .rows(series_1, 0, INT64_MAX / 2);
  REQUIRE(days.size() == 1);
  CHECK(days[0].n == 2);
}

TEST_CASE("a day file that was taken away is missed and said; the days around it and ingest go on", "[store]") {
  World world;
  const auto yesterday = start_ms - store::day_ms;
  const bool closed = GENERATE(true, false);
  CAPTURE(closed);
  const auto gone = closed ? yesterday : start_ms;
  auto store = world.open();
  REQUIRE(store.append(
      batch_of({number(1, yesterday, 1), number(1, start_ms, 2), number(1, yesterday - store::day_ms, 3)})));
  REQUIRE(seal(world, store, [&] {
    const auto files = manifest(world);
    return files.size() == 3 && files[0].closed && files[1].closed && !files[2].closed;
  }));
  for (const auto& file : manifest(world))
    if (file.day == store::day_of(gone)) store::remove_day_file(world.options.path / "day" / file.name);
  REQUIRE(store.append(batch_of({number(1, gone + 1, 4), number(1, start_ms + 5, 5)})));
  REQUIRE(seal(world, store));
  CHECK(world.log.count_containing("was not there") == 1);
  CHECK(store.damaged() == 1);
  const auto rows = world.reader().rows(series_1, everything);
  CHECK(rows.size() == 4);
  CHECK(rows.back().number == 5);
}

TEST_CASE("a revision that a kill left without a name in the catalog is not sealed into", "[store][crash]") {
  World world;
  // In an open file the keys of this series begin where those of series 1 begin in a closed one.
  constexpr std::uint32_t other = 64;
  const auto yesterday = (today - 1) * store::day_ms;
  {
    auto store = world.open();
    auto first = batch_of({number(1, yesterday, 1), number(other, yesterday, 2)});
    add_names(*first, other);
    REQUIRE(store.append(first));
    REQUIRE(seal(world, store, [&] { return manifest(world).front().closed; }));
    REQUIRE(store.append(batch_of({number(other, yesterday + 1, 3)})));
  }
  const auto closed = manifest(world).front();
  const auto folder = world.options.path / "day";
  fs::copy_file(folder / closed.name, folder / to_string(store::DayFileName{closed.day, closed.klass, closed.rev + 1}));
  auto store = world.open();
  REQUIRE(seal(world, store));
  const auto rows = world.reader().rows(static_cast<proto::SeriesId>(other), everything);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].number == 2);
  CHECK(rows[1].number == 3);
  CHECK(world.reader().rows(series_1, everything).size() == 1);
  store.stop();
  CHECK(store::verify(world.options.path, [](const store::Problem& p) { UNSCOPED_INFO(to_string(p)); }).problems == 0);
}

TEST_CASE("a day that went and came back under the old file name is read anew by a reader that knew the old one",
          "[store]") {
  World world;
  const auto reader_of_then = [&] {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, start_ms, 7)})));
    REQUIRE(seal(world, store));
    return world.reader();
  }();
  REQUIRE(reader_of_then.rows(series_1, everything).size() == 1);
  const auto name = manifest(world).front().name;
  {
    auto catalog = store::Catalog::open(world.options.path);
    store::DayClose close(world.options.path, catalog, world.log);
    const store::RetentionPolicy policy({"raw", {}, 10, 0, 0}, {});
    store::DayRetention retention(world.options.path, catalog, close, policy, world.log);
    REQUIRE(retention.give_up_oldest(today + 1, 0));
  }
  auto store = world.open();
  REQUIRE(store.append(batch_of({number(1, start_ms + 1, 8)})));
  REQUIRE(seal(world, store));
  REQUIRE(manifest(world).front().name == name);
  const auto rows = reader_of_then.rows(series_1, everything);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].number == 8);
}
