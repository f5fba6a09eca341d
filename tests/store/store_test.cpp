#include <catch2/catch.hpp>

#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;
using store::Aggregate;

TEST_CASE("what was appended is read back at once and after a reopen", "[store]") {
  World world;
  {
    auto store = world.open();
    auto batch = batch_of({number(1, start_ms, 21.5), integer(2, start_ms, INT64_MAX), boolean(3, start_ms, true)});
    add_text(*batch, 4, start_ms, "open");
    add_names(*batch, 4);
    REQUIRE(store.append(batch));
    CHECK(batch->position.sequence == 1);
    CHECK(world.reader().rows(series_1, everything).at(0).number == 21.5);
  }
  const auto store = world.open();
  CHECK(store.recovered().directory.series.size() == 4);
  CHECK(store.recovered().last_log_time == from_ms(start_ms));
  const auto reader = world.reader();
  CHECK(reader.rows(static_cast<proto::SeriesId>(2), everything).at(0).integer == INT64_MAX);
  CHECK(reader.rows(static_cast<proto::SeriesId>(3), everything).at(0).type == proto::ValueType::boolean);
  CHECK(reader.rows(static_cast<proto::SeriesId>(4), everything).at(0).text == "open");
  CHECK(reader.directory().devices.at(0).device == "esp32-7");
}

TEST_CASE("a finished segment is sealed, and unlinked once a checkpoint and a later batch lie behind it", "[store]") {
  World world;
  auto store = world.open();
  auto first = batch_of({number(1, start_ms, 1), number(1, start_ms + 1000, 2)});
  add_names(*first, 1);
  REQUIRE(store.append(first));
  REQUIRE(store.rotate());
  CHECK(eventually([&] { return world.files_in("day") == 1; }));
  CHECK(world.files_in("log") == 2);
  const auto second = batch_of({number(1, start_ms + 2000, 3)});
  REQUIRE(store.append(second));
  store.checkpointed(first->position);
  CHECK(eventually([&] { return world.files_in("log") == 1; }));

  const auto rows = world.reader().rows(series_1, everything);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].number == 1);
  CHECK(rows[2].number == 3);
  CHECK(world.reader().latest(series_1)->number == 3);
  CHECK(store.next(first->position, Millis{0}).batch->position == second->position);
}
