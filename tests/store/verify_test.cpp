#include <catch2/catch.hpp>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "store/day_file.hpp"
#include "store/day_remains.hpp"
#include "store/rollup.hpp"
#include "store/salvage.hpp"
#include "store/segment.hpp"
#include "store/verify.hpp"
#include "tests/store/old_folder.hpp"

using namespace telltale;
using namespace telltale::test;

TEST_CASE("a sound folder has no problems, closed and open days, log, rollups and databases alike", "[store]") {
  const OldFolder old;
  store::Verified found;
  const auto lines = old.verify(&found);
  CHECK(all(lines) == "");
  CHECK(found.readings == std::size_t{2} * series_count * readings_per_series + 3);
  CHECK(found.batches >= 5);
  CHECK(found.files >= 7);
  CHECK(found.damaged_days.empty());
}

TEST_CASE("a folder is verified beside its live service", "[store]") {
  World world;
  auto store = world.open();
  auto batch = batch_of({number(1, start_ms, 1)});
  add_names(*batch, 1);
  REQUIRE(store.append(batch));
  for (int round = 0; round < 10; ++round) {
    const auto position = store.append(batch_of({number(1, start_ms + round, round)}));
    REQUIRE(position);
    REQUIRE(store.rotate());
    store.checkpointed(*position);
    std::vector<std::string> lines;
    (void)store::verify(world.options.path, [&](const store::Problem& p) { lines.push_back(to_string(p)); });
    CHECK(all(lines) == "");
  }
}

TEST_CASE("a flipped byte in a chunk is found, named by series and time, and costs that chunk alone", "[store]") {
  const auto closed = GENERATE(true, false);
  CAPTURE(closed);
  OldFolder old;
  const auto before = old.count_rows();
  const auto file = old.day_path(closed ? yesterday_ms : start_ms);
  flip(file, place_of_chunk(file, closed, 7) + 20);
  store::Verified found;
  const auto lines = old.verify(&found);
  INFO(all(lines));
  CHECK(lines.size() == 1);
  CHECK(one_has(lines, {file.filename().c_str(), "site1/esp32-7 m7, 2025-11-2", "is damaged: ", " readings are lost"}));
  REQUIRE(found.damaged_days.size() == 1);

  auto catalog = store::Catalog::open(old.world.options.path);
  const auto saved = store::salvage_day(old.world.options.path, catalog, found.damaged_days.front(), old.world.log);
  CHECK(saved.damaged_chunks == 1);
  CHECK(fs::exists(saved.aside));
  CHECK(all(old.verify()) == "");
  const auto after = old.count_rows();
  CHECK(after < before);
  CHECK(before - after <= readings_per_series);
  CHECK(saved.fresh->closed == closed);
}

TEST_CASE("a damaged page of a day file costs no other page", "[store]") {
  const auto closed = GENERATE(true, false);
  OldFolder old;
  const auto file = old.day_path(closed ? yesterday_ms : start_ms);
  const auto before = old.count_rows();
  const auto size = fs::file_size(file);
  REQUIRE(size > 10 * 4096);
  const auto page = GENERATE(1u, 2u, 3u, 5u, 7u);
  CAPTURE(closed, page);
  for (std::uint64_t at = 0; at < 4096; at += 3) flip(file, (page - 1) * 4096 + at, 0xA5);
  store::Verified found;
  const auto lines = old.verify(&found);
  INFO(all(lines));
  REQUIRE(!lines.empty());
  CHECK(one_has(lines, {file.filename().c_str(), "2025-11-2"}));
  REQUIRE(found.damaged_days.size() == 1);
  auto catalog = store::Catalog::open(old.world.options.path);
  const auto saved = store::salvage_day(old.world.options.path, catalog, found.damaged_days.front(), old.world.log);
  CHECK(all(old.verify()) == "");
  // A page holds few chunks, and at worst the piece of one that goes on from elsewhere.
  CHECK(before - old.count_rows() <= std::size_t{12} * readings_per_series);
  CHECK(saved.readings > 0);
  CHECK(saved.readings + 12 * readings_per_series >= series_count * readings_per_series);
}

TEST_CASE("what is read page by page is what SQLite reads", "[store]") {
  const OldFolder old;
  for (const bool closed : {true, false}) {
    const auto file = old.day_path(closed ? yesterday_ms : start_ms);
    auto day = closed ? store::DayFile::open_closed(file) : store::DayFile::open_read_only(file);
    store::DayRemains remains(file);
    store::DayFile::Run run(day, INT64_MIN, INT64_MAX);
    store::DayRemains::Found found;
    while (run.next()) {
      REQUIRE(remains.next(found));
      const auto chunk = run.chunk();
      REQUIRE(found.series == run.series());
      REQUIRE(found.chunk.id == chunk.id);
      REQUIRE(found.chunk.data == chunk.data);
      REQUIRE(found.chunk.generation == chunk.generation);
    }
    CHECK(!remains.next(found));
    CHECK(remains.damaged() == 0);
    CHECK(remains.ledger().size() == day.ledger().size());
    CHECK(remains.names().size() == day.names().size());
  }
}

TEST_CASE("any flipped bit of a day file is safe to verify and to salvage", "[store]") {
  const auto closed = GENERATE(true, false);
  OldFolder old;
  const auto file = old.day_path(closed ? yesterday_ms : start_ms);
  const auto size = fs::file_size(file);
  for (int i = 0; i < 60; ++i) {
    const auto at = (static_cast<std::uint64_t>(i) * 7'919 + (i % 4 == 0 ? 0 : 977)) % size;
    CAPTURE(closed, at);
    flip(file, at, 0x81);
    (void)old.verify();
    store::DayRemains remains(file);
    store::DayRemains::Found found;
    std::size_t readings = 0;
    while (remains.next(found)) readings += found.points.size();
    CHECK(readings + std::size_t{12} * readings_per_series >= std::size_t{series_count} * readings_per_series);
    flip(file, at, 0x81);
  }
  CHECK(all(old.verify()) == "");
}

TEST_CASE("a deleted day file is found; after salvage the other days answer and this one is empty", "[store]") {
  OldFolder old;
  const auto closed = GENERATE(true, false);
  const auto file = old.day_path(closed ? yesterday_ms : start_ms);
  store::remove_day_file(file);
  store::Verified found;
  const auto lines = old.verify(&found);
  CHECK(one_has(lines, {file.filename().c_str(), "it is not there", "are lost, unless a back-up has the file"}));
  CHECK_THROWS_AS(old.count_rows(), store::StoreFailure);
  REQUIRE(found.damaged_days.size() == 1);
  auto catalog = store::Catalog::open(old.world.options.path);
  store::salvage_day(old.world.options.path, catalog, found.damaged_days.front(), old.world.log);
  CHECK(all(old.verify()) == "");
  CHECK(old.count_rows() >= std::size_t{series_count} * readings_per_series);
}

TEST_CASE("a closed day with late pieces keeps both when it is salvaged", "[store]") {
  OldFolder old;
  const auto late_ms = yesterday_ms + 3 * store::hour_ms;
  {
    auto store = old.world.open();
    old.seal(store, old.append(store, batch_of({number(9, late_ms, 77), number(9, yesterday_ms, -1)})));
    store.stop();
  }
  const auto before = old.world.reader().rows(static_cast<proto::SeriesId>(9), everything).size();
  const auto file = old.day_path(yesterday_ms);
  flip(file, place_of_chunk(file, true, 7) + 20);
  store::Verified found;
  (void)old.verify(&found);
  REQUIRE(found.damaged_days.size() == 1);
  auto catalog = store::Catalog::open(old.world.options.path);
  store::salvage_day(old.world.options.path, catalog, found.damaged_days.front(), old.world.log);
  CHECK(all(old.verify()) == "");
  const auto group = store::day_group(catalog, store::day_of(yesterday_ms), "raw");
  REQUIRE(group.files.size() == 2);
  CHECK(group.closed() != nullptr);
  CHECK(group.open() != nullptr);
  const auto rows = old.world.reader().rows(static_cast<proto::SeriesId>(9), everything);
  CHECK(rows.size() == before);
  CHECK(rows.front().number == -1);
}

TEST_CASE("a flipped byte in the log is found with its bytes, batches and times; a cut log by its numbers", "[store]") {
  OldFolder old;
  const auto segment = old.segment();
  auto scanner = store::SegmentScanner::open(segment);
  std::vector<store::SegmentScanner::Place> frames;
  while (scanner->next()) frames.push_back(scanner->last());
  REQUIRE(frames.size() >= 4);
  SECTION("in a record") {
    flip(segment, frames[frames.size() - 3].begin + 20);
    const auto lines = old.verify();
    INFO(all(lines));
    CHECK(lines.size() == 1);
    CHECK(one_has(lines, {"log/", "bytes ", "between 2025-11-21T", "batch ", "damaged: lost"}));
  }
  SECTION("in the last record") {
    flip(segment, frames.back().begin + 20);
    CHECK(one_has(old.verify(), {"log/", "the last record is not intact"}));
  }
  SECTION("in one copy of the header") {
    flip(segment, 9);
    CHECK(one_has(old.verify(), {"log/", "one of the two copies of the header", "nothing is lost"}));
  }
  SECTION("in both") {
    flip(segment, 9);
    flip(segment, 41);
    CHECK(one_has(old.verify(), {"log/", "both copies of the header"}));
  }
  SECTION("cut in a record: a write that was never acknowledged looks so, too") {
    fs::resize_file(segment, frames.back().end - 3);
    // recent.db may have seen the batch already.
    for (const auto& line : old.verify()) CHECK(line.find("which recent.db has seen") != std::string::npos);
  }
  SECTION("cut before batches that others have seen") {
    {
      store::Database state(old.path("state.db"), store::Database::Mode::full);
      state.exec(
          "create table checkpoint(one, generation, sequence, value); insert into checkpoint values(1, 9, 1000, '')");
    }
    CHECK(one_has(old.verify(), {"log/", "missing, which state.db has seen: lost"}));
  }
}

TEST_CASE("damage to the databases is found and says what it costs", "[store]") {
  OldFolder old;
  const auto [name, part] = GENERATE(table<const char*, const char*>({
      {"catalog.db", "restore the folder from a back-up"},
      {"recent.db", "it is a copy"},
  }));
  CAPTURE(name);
  const auto file = old.path(name);
  store::Database(file, store::Database::Mode::full).checkpoint();
  SECTION("the file's head") { flip(file, 3); }
  SECTION("a page") {
    for (std::uint64_t at = 0; at < 100; ++at) flip(file, fs::file_size(file) - 4096 + at);
    for (std::uint64_t at = 0; at < 100; ++at) flip(file, 4096 + at);
  }
  const auto lines = old.verify();
  INFO(all(lines));
  CHECK(one_has(lines, {name, "damaged", part}));
}

TEST_CASE("a flipped byte in a write-ahead log is found: SQLite alone would drop what follows", "[store]") {
  OldFolder old;
  const auto file = old.path("recent.db");
  store::Database writer(file, store::Database::Mode::full);
  for (int i = 0; i < 3; ++i) writer.exec("insert or replace into position values(1, 1, " + std::to_string(i) + ")");
  CHECK(all(old.verify()) == "");
  const auto wal = file.string() + "-wal";
  REQUIRE(fs::file_size(wal) >= 32 + 3 * (24 + 4096));
  flip(wal, 32 + 24 + 100);
  CHECK(one_has(old.verify(), {"recent.db-wal", "frame 1 of", "is damaged: SQLite drops"}));
  flip(wal, 32 + 24 + 100);
  flip(wal, 9);
  CHECK(one_has(old.verify(), {"recent.db-wal", "the header is damaged"}));
}

TEST_CASE("a changed number in a rollup is found against the readings, the hours and itself", "[store]") {
  OldFolder old;
  const auto [step, change, part] = GENERATE(table<store::RollupStep, const char*, const char*>({
      {store::RollupStep::hour, "v_max = v_max + 1", "is not what the readings come to"},
      {store::RollupStep::day, "n = n + 8", "the day is not the sum of its hours"},
      {store::RollupStep::day, "v_min = v_max + 1", "cannot all be right"},
      {store::RollupStep::hour, "t = t + 1", "the row is missing"},
  }));
  CAPTURE(change);
  const auto name = store::RollupFileName{store::month_of_day(store::day_of(yesterday_ms)), "raw", step};
  const auto file = old.path("rollup") / to_string(name);
  store::Database(file, store::Database::Mode::full)
      .exec(std::string("update rollup set ") + change + " where series_id = 5");
  const auto lines = old.verify();
  INFO(all(lines));
  CHECK(one_has(lines, {"rollup/202511-raw-", "m5, 2025-11-20T", part}));
}

TEST_CASE("names that differ between catalog and day files, and files nobody knows, are found", "[store]") {
  OldFolder old;
  SECTION("names") {
    store::Database(old.path("catalog.db"), store::Database::Mode::full)
        .exec("update series set metric = 'm4x' where series_id = 4");
    CHECK(one_has(old.verify(),
                  {"day/", "series 4: is called site1/esp32-7 m4 here and site1/esp32-7 m4x in the catalog"}));
  }
  SECTION("files") {
    store::Database(old.path("catalog.db"), store::Database::Mode::full).exec("delete from day_file");
    CHECK(one_has(old.verify(), {"day/", "the catalog does not know it, so nobody reads it"}));
  }
}

TEST_CASE("verify refuses what is no data folder", "[store]") {
  const TemporaryFolder empty;
  CHECK_THROWS_AS(store::verify(empty.path(), [](const store::Problem&) {}), store::StoreFailure);
}
