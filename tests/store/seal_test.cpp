#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/sealer.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;
namespace fs = std::filesystem;

namespace {

/// Ends the segment and waits until it is in the day files and unlinked.
void seal_all(World& world, store::Store& store, proto::LogPosition upto) {
  REQUIRE(store.rotate());
  REQUIRE(store.append(batch_of({})));
  store.checkpointed(upto);
  REQUIRE(eventually([&] { return world.files_in("log") == 1; }));
}

proto::LogPosition append(store::Store& store, std::shared_ptr<proto::Batch> batch) {
  const auto position = store.append(std::move(batch));
  REQUIRE(position);
  return *position;
}

proto::DeadLetter letter(int i, std::size_t size = 1) {
  return {proto::DeadLetterReason::bad_json, "t" + std::to_string(i), std::string(size, 'x'), size, "byte 0", device_1};
}

}  // namespace

TEST_CASE("the last arrival of one time wins, inside a batch, a segment, and across segments", "[store]") {
  World world;
  auto store = world.open();
  append(store, batch_of({number(1, start_ms, 1), number(1, start_ms, 2), number(1, start_ms + 1, 10)}));
  append(store, batch_of({number(1, start_ms + 1, 11), number(1, start_ms + 2, 20)}));
  CHECK(world.reader().rows(series_1, everything).at(1).number == 11);
  seal_all(world, store, append(store, batch_of({})));
  append(store, batch_of({number(1, start_ms + 2, 21)}));
  for (const bool sealed : {false, true}) {
    CAPTURE(sealed);
    if (sealed) seal_all(world, store, append(store, batch_of({})));
    const auto rows = world.reader().rows(series_1, everything);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].number == 2);
    CHECK(rows[1].number == 11);
    CHECK(rows[2].number == 21);
  }
}

TEST_CASE("types may change from reading to reading without a limit", "[store][lesson-14]") {
  World world;
  auto store = world.open();
  auto batch = batch_of({});
  for (int i = 0; i < 6000; ++i) {
    const auto ts = start_ms + i;
    if (i % 4 == 0) batch->readings.push_back(number(1, ts, i));
    if (i % 4 == 1) batch->readings.push_back(integer(1, ts, INT64_MAX - i));
    if (i % 4 == 2) batch->readings.push_back(boolean(1, ts, i % 8 == 2));
    if (i % 4 == 3) add_text(*batch, 1, ts, "text " + std::to_string(i));
  }
  seal_all(world, store, append(store, batch));
  const auto rows = world.reader().rows(series_1, everything);
  REQUIRE(rows.size() == 6000);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(to_ms(rows[i].ts) == start_ms + static_cast<std::int64_t>(i));
    REQUIRE(rows[i].type == static_cast<proto::ValueType>(i % 4));
  }
  CHECK(rows[5].integer == INT64_MAX - 5);
  CHECK(rows[2].number == 1);
  CHECK(rows[7].text == "text 7");
}

TEST_CASE("latest is the newest by event time: backfill does not replace it", "[store][lesson-17]") {
  World world;
  auto store = world.open();
  append(store, batch_of({number(1, start_ms, 5)}));
  append(store, batch_of({number(1, start_ms - 60'000, 4)}));
  CHECK(world.reader().latest(series_1)->number == 5);
  seal_all(world, store, append(store, batch_of({})));
  append(store, batch_of({number(1, start_ms - 30'000, 3)}));
  CHECK(world.reader().latest(series_1)->number == 5);
  seal_all(world, store, append(store, batch_of({})));
  CHECK(world.reader().latest(series_1)->number == 5);
  append(store, batch_of({number(1, start_ms, 6)}));  // of equal times the later arrival
  CHECK(world.reader().latest(series_1)->number == 6);
  CHECK_FALSE(world.reader().latest(static_cast<proto::SeriesId>(99)));
}

TEST_CASE("late readings go to their own day, and the reader joins the pieces", "[store][lesson-18]") {
  World world;
  auto store = world.open();
  for (int day = 0; day < 3; ++day)
    for (int late = 0; late < 2; ++late)
      seal_all(world, store,
               append(store, batch_of({number(1, start_ms - day * store::day_ms + late * 500, day * 10 + late)})));
  CHECK(eventually([&] { return world.files_in("day") == 3; }));
  const auto rows = world.reader().rows(series_1, everything);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].number == 20);
  CHECK(rows[5].number == 1);
  const auto one_day = world.reader().rows(series_1, {from_ms(start_ms), from_ms(start_ms + 500)});
  REQUIRE(one_day.size() == 1);
  CHECK(one_day[0].number == 0);
}

TEST_CASE("days older than the retention are unlinked whole", "[store][lesson-22]") {
  World world;
  world.options.raw_retention_days = 10;
  auto store = world.open();
  const auto old_ms = start_ms - 5 * store::day_ms;
  auto batch = batch_of({number(1, old_ms, 1), number(1, start_ms, 2)});
  add_names(*batch, 1);
  seal_all(world, store, append(store, batch));
  CHECK(world.files_in("day") == 2);
  world.clock.advance(Millis{6 * store::day_ms});
  const auto late = append(store, batch_of({number(1, old_ms + 1, 3), number(1, start_ms + 1, 4)}));
  seal_all(world, store, late);
  CHECK(eventually([&] { return world.files_in("day") == 1; }));
  const auto rows = world.reader().rows(series_1, everything);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].number == 2);
  CHECK(eventually([&] { return world.log.count_containing("retention") == 1; }));
}

TEST_CASE("a day file that retention forgot before a kill goes at the next start", "[store][lesson-22]") {
  World world;
  world.options.raw_retention_days = 10;
  { const auto store = world.open(); }
  const auto days = world.options.path / "day";
  const auto today = store::day_of(start_ms);
  const auto name = [](std::int64_t day) { return to_string(store::DayFileName{day}); };
  const auto forgotten = {name(today - 40), name(today - 40) + "-wal", name(today - 41) + "-shm",
                          name(today - 3) + ".part"};
  for (const auto& file : forgotten) std::ofstream(days / file) << "left over";
  auto store = world.open();
  for (const auto& file : forgotten) CHECK(eventually([&] { return !fs::exists(days / file); }));
  CHECK_FALSE(fs::exists(days / "damaged"));
}

TEST_CASE("dead letters are kept, newest first, within their bound; the oldest go and are counted", "[store]") {
  World world;
  world.options.dead_letter_bytes = 2000;
  auto store = world.open();
  auto batch = batch_of({});
  for (int i = 0; i < 40; ++i) batch->add(letter(i));
  const auto position = append(store, batch);
  CHECK(world.reader().dead_letters(3).at(0).topic == "t39");
  CHECK(world.reader().dead_letters(100).size() == 40);
  seal_all(world, store, position);
  const auto kept = world.reader().dead_letters(100);
  CHECK(kept.size() >= 20);
  CHECK(kept.size() < 40);
  CHECK(kept.front().topic == "t39");
  CHECK(kept.front().payload == "x");
  CHECK(kept.front().reason == "bad_json");
  CHECK(world.metrics.value("telltale_queue_dropped_total{queue=\"dead_letters\"}") == 40 - kept.size());
}

TEST_CASE("a long dead letter comes back whole", "[store]") {
  World world;
  auto store = world.open();
  auto batch = batch_of({});
  batch->add(letter(1, 64 * 1024));
  seal_all(world, store, append(store, batch));
  CHECK(world.reader().dead_letters(1).at(0).payload == std::string(64 * 1024, 'x'));
}

TEST_CASE("units and tags follow the newest event, before and after sealing", "[store]") {
  World world;
  auto store = world.open();
  auto batch = batch_of({number(1, start_ms, 1, proto::TsSource::receive)});
  add_names(*batch, 1);
  batch->add(proto::DeviceTags{device_1, {{"floor", "1"}, {"room", "a"}}});
  append(store, batch);
  auto change = batch_of({number(1, start_ms + 5, 1, proto::TsSource::backlog), number(1, start_ms + 9, 2)});
  change->add(proto::SeriesUnit{series_1, "K"});
  change->add(proto::DeviceTags{device_1, {{"room", "b"}}});
  const auto position = append(store, change);
  for (const bool sealed : {false, true}) {
    CAPTURE(sealed);
    if (sealed) seal_all(world, store, position);
    const auto directory = world.reader().directory();
    CHECK(directory.series.at(0).unit == "K");
    CHECK(directory.series.at(0).newest_ms == start_ms + 9);
    CHECK(directory.devices.at(0).tags == std::vector<std::pair<std::string, std::string>>{{"room", "b"}});
  }
}

TEST_CASE("aggregates are aligned to the epoch and leave out text and what is not finite", "[store]") {
  World world;
  auto store = world.open();
  const auto minute = start_ms / 60'000 * 60'000;
  auto batch = batch_of({number(1, minute, 1), number(1, minute + 10, 3), number(1, minute + 20, std::nan("")),
                         boolean(1, minute + 30, true), number(1, minute + 120'000, 7)});
  add_text(*batch, 1, minute + 40, "n/a");
  append(store, batch);
  using store::Aggregate;
  const auto [what, value] = GENERATE(table<Aggregate, double>({{Aggregate::avg, 5.0 / 3},
                                                                {Aggregate::min, 1},
                                                                {Aggregate::max, 3},
                                                                {Aggregate::sum, 5},
                                                                {Aggregate::count, 3},
                                                                {Aggregate::last, 1},
                                                                {Aggregate::stddev, std::sqrt(8.0 / 9)}}));
  const auto buckets = world.reader().aggregate(series_1, everything, Millis{60'000}, what);
  REQUIRE(buckets.size() == 2);
  CHECK(to_ms(buckets[0].start) == minute);
  CHECK(buckets[0].value == Approx(value));
  CHECK(to_ms(buckets[1].start) == minute + 120'000);
}

TEST_CASE("a segment stays until a checkpoint covers it and a later segment holds a batch", "[store]") {
  const auto [checkpointed, later_batch] = GENERATE(table<bool, bool>({{false, true}, {true, false}}));
  CAPTURE(checkpointed, later_batch);
  World world;
  auto store = world.open();
  const auto position = append(store, batch_of({number(1, start_ms, 1)}));
  REQUIRE(store.rotate());
  if (later_batch) append(store, batch_of({number(1, start_ms + 1, 2)}));
  if (checkpointed) store.checkpointed(position);
  REQUIRE(eventually([&] { return world.files_in("day") == 1; }));
  // The seal thread has gone round once more when it has sealed the next segment too.
  append(store, batch_of({number(1, start_ms + store::day_ms, 3)}));
  if (!checkpointed) {
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 2; }));
    store.stop();
    CHECK(world.files_in("log") == 3);
  } else {
    store.checkpointed(position);
    CHECK(eventually([&] { return world.files_in("log") == 1; }));
  }
}

TEST_CASE("the newest segment with batches is never unlinked: it holds the redelivery table", "[store]") {
  World world;
  proto::LogPosition position;
  {
    auto store = world.open();
    auto batch = batch_of({number(1, start_ms, 1)});
    batch->add(proto::RedeliveryTable{{{1, 7, 70}}});
    position = append(store, batch);
    REQUIRE(store.rotate());
    store.checkpointed(position);
    REQUIRE(eventually([&] { return world.files_in("day") == 1; }));
    store.checkpointed(position);
    store.stop();
  }
  const auto store = world.open();
  CHECK(store.recovered().redelivery.size() == 1);
}

TEST_CASE("sealing a segment twice changes nothing", "[store]") {
  World world;
  fs::path segment;
  {
    auto store = world.open();
    auto batch = batch_of({number(1, start_ms, 1), number(1, start_ms + store::day_ms, 2)});
    batch->add(letter(1));
    append(store, batch);
    segment = store::list_segments(world.options.path / "log").at(0).path;
  }
  auto catalog = store::Catalog::open(world.options.path);
  store::DayClose close(world.options.path, catalog, world.log);
  const store::RetentionPolicy policy({}, {});
  store::Sealer sealer(world.options.path, catalog, close, policy, world.clock, world.log);
  const store::SegmentInfo info{17, 1, 1, 2, true, segment, {}};
  constexpr std::uint64_t letter_bytes = 1u << 20;
  sealer.seal(info, letter_bytes);
  sealer.seal(info, letter_bytes);
  // As after a kill between the day files and the catalog.
  { store::Database(world.options.path / "catalog.db", store::Database::Mode::full).exec("delete from generation"); }
  sealer.seal(info, letter_bytes);
  fs::remove(segment);
  CHECK(world.reader().rows(series_1, everything).size() == 2);
  CHECK(world.reader().dead_letters(10).size() == 1);
  auto day = store::DayFile::open_read_only(world.options.path / "day" /
                                            to_string(store::DayFileName{store::day_of(start_ms)}));
  CHECK(day.generations() == std::vector<std::uint64_t>{17});
}

TEST_CASE("generation numbers never return, not even when every segment has gone", "[store]") {
  World world;
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    auto store = world.open();
    const auto position = append(store, batch_of({number(1, start_ms + round, round)}));
    CHECK(position.generation > last);
    CHECK(position.sequence == static_cast<std::uint64_t>(round) + 1);
    last = position.generation;
    REQUIRE(store.rotate());
    store.stop();
  }
}

TEST_CASE("an open day file names each of its series, in whatever hours and seals they are", "[store]") {
  World world;
  auto store = world.open();
  const auto midnight = store::day_of(start_ms) * store::day_ms;
  constexpr std::uint32_t most = 4;
  auto batch = batch_of({});
  add_names(*batch, most);
  for (std::uint32_t s = 1; s < most; ++s)
    for (int hour = 0; hour < 4; ++hour)
      if (hour % static_cast<int>(s) == 0) batch->readings.push_back(number(s, midnight + hour * store::hour_ms, hour));
  seal_all(world, store, append(store, batch));
  seal_all(world, store, append(store, batch_of({number(most, midnight + 1, 1), number(1, midnight + 2, 2)})));
  auto day = store::DayFile::open_read_only(world.options.path / "day" /
                                            to_string(store::DayFileName{store::day_of(start_ms)}));
  const auto names = day.names();
  REQUIRE(names.size() == most);
  for (std::uint32_t s = 1; s <= most; ++s) {
    CHECK(names[s - 1].series == proto::SeriesId{s});
    CHECK(names[s - 1].metric == "m" + std::to_string(s));
    CHECK(names[s - 1].device == "esp32-7");
  }
}
