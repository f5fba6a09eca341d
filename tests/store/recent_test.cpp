#include <catch2/catch.hpp>
#include <optional>

#include "store/day.hpp"
#include "store/recent_db.hpp"
#include "store/sqlite.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;
using store::Database;
using store::Statement;

namespace {

std::int64_t rows_in_recent(const World& world) {
  if (!std::filesystem::exists(world.options.path / "recent.db")) return 0;
  try {
    Database recent(world.options.path / "recent.db", Database::Mode::read_only);
    return recent.number("select count(*) from recent");
  } catch (const store::DatabaseError&) {
    return 0;  // not made yet
  }
}

std::shared_ptr<proto::Batch> named_batch(std::vector<proto::Reading> readings) {
  auto batch = batch_of(std::move(readings));
  add_names(*batch, 2);
  return batch;
}

}  // namespace

TEST_CASE("readings can be read as plain rows with names and readable time within seconds", "[store]") {
  World world;
  world.options.recent_hours = 24;
  auto store = world.open();
  auto batch = named_batch({number(1, start_ms, 21.5), integer(2, start_ms + 1, 1ll << 60)});
  add_text(*batch, 2, start_ms + 2, "open");
  REQUIRE(store.append(batch));
  REQUIRE(eventually([&] { return rows_in_recent(world) == 3; }));
  Database recent(world.options.path / "recent.db", Database::Mode::read_only);
  Statement select(recent, "select time, site, device, metric, value, unit from recent order by ts");
  auto row = select.query();
  REQUIRE(row.next());
  CHECK(row.text(0) == "2025-11-21T04:40:00.000Z");
  CHECK(row.text(1) == "site1");
  CHECK(row.text(2) == "esp32-7");
  CHECK(row.text(3) == "m1");
  CHECK(row.real(4) == 21.5);
  CHECK(row.text(5) == "Cel");
  REQUIRE(row.next());
  CHECK(row.integer(4) == 1ll << 60);
  REQUIRE(row.next());
  CHECK(row.text(4) == "open");
}

TEST_CASE("recent.db follows through restarts, and is filled again from the store after it was deleted", "[store]") {
  World world;
  world.options.recent_hours = 24;
  {
    auto store = world.open();
    REQUIRE(store.append(named_batch({number(1, start_ms, 1)})));
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 1 && rows_in_recent(world) == 1; }));
    REQUIRE(store.append(batch_of({number(1, start_ms + 1, 2)})));
  }
  {
    const auto store = world.open();
    CHECK(eventually([&] { return rows_in_recent(world) == 2; }));
  }
  for (const char* part : {"recent.db", "recent.db-wal", "recent.db-shm"})
    std::filesystem::remove(world.options.path / part);
  const auto store = world.open();
  CHECK(eventually([&] { return rows_in_recent(world) == 2; }));
}

TEST_CASE("recent.db forgets old hours, and pauses while readings arrive too fast", "[store]") {
  World world;
  auto store = world.open();
  store::Feed feed({});
  feed.add_segment({1, 1, 0, 0, false, world.options.path / "log" / "none.log", {}});
  store::RecentDb recent(world.options.path, feed, world.clock, world.log, {.max_rate = 100, .hours = 1});
  std::uint64_t sequence = 0;
  const auto publish = [&](std::shared_ptr<proto::Batch> batch) {
    batch->position = {1, ++sequence};
    feed.publish(batch);
  };
  recent.tick(Millis{2000});
  publish(named_batch({number(1, start_ms, 1), number(1, start_ms - 2 * store::hour_ms, 0)}));
  recent.tick(Millis{2000});
  CHECK(rows_in_recent(world) == 1);

  world.clock.advance(Millis{store::hour_ms - 1000});
  publish(batch_of({number(1, start_ms + store::hour_ms - 1000, 2)}));
  recent.tick(Millis{2000});
  CHECK(rows_in_recent(world) == 2);
  world.clock.advance(Millis{2000});
  recent.tick(Millis{2000});
  CHECK(rows_in_recent(world) == 1);

  std::vector<proto::Reading> many;
  for (int i = 0; i < 5000; ++i) many.push_back(number(1, start_ms + store::hour_ms + i, i));
  publish(batch_of(many));
  recent.tick(Millis{2000});
  CHECK(rows_in_recent(world) == 1);
  CHECK(world.log.count_containing("recent.db pauses") == 1);
  for (int i = 0; i < 30; ++i) recent.tick(Millis{2000});
  CHECK(world.log.count_containing("recent.db goes on") == 1);
  publish(batch_of({number(1, start_ms + store::hour_ms + 10'000, 3)}));
  recent.tick(Millis{2000});
  CHECK(rows_in_recent(world) == 2);
}

TEST_CASE("rows that recent.db could not take are there when it can again, also after a restart", "[store]") {
  const bool restart = GENERATE(false, true);
  CAPTURE(restart);
  World world;
  world.options.recent_hours = 24;
  std::optional<store::Store> store;
  store.emplace(world.options, world.clock, world.log, world.metrics);
  REQUIRE(store->append(named_batch({number(1, start_ms, 1), number(2, start_ms, 2)})));
  REQUIRE(eventually([&] { return rows_in_recent(world) == 2; }));
  const auto change = [&](const char* sql) {
    Database(world.options.path / "recent.db", Database::Mode::normal).exec(sql);
  };
  const auto refused = [&] { return world.log.count_containing("recent.db waits"); };
  constexpr const char* refuse =
      "create trigger refuse before insert on reading when new.series_id = 1 begin select "
      "raise(abort, 'refused'); end";
  SECTION("as they arrived") {
    change(refuse);
    REQUIRE(store->append(batch_of({number(2, start_ms + 1, 3), number(1, start_ms + 1, 4)})));
    REQUIRE(eventually([&] { return refused() > 0; }));
  }
  SECTION("as they were filled in from the store") {
    REQUIRE(store->append(batch_of({number(2, start_ms + 1, 3), number(1, start_ms + 1, 4)})));
    REQUIRE(eventually([&] { return rows_in_recent(world) == 4; }));
    store.reset();
    change("delete from reading; delete from position");
    change(refuse);
    store.emplace(world.options, world.clock, world.log, world.metrics);
    REQUIRE(eventually([&] { return refused() > 0; }));
  }
  if (restart) {
    store.reset();
    change("drop trigger refuse");
    store.emplace(world.options, world.clock, world.log, world.metrics);
  } else {
    change("drop trigger refuse");
  }
  CHECK(eventually([&] { return rows_in_recent(world) == 4; }));
}
