#include "store/migrations.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "store/keys_db.hpp"
#include "store/sqlite.hpp"
#include "tests/store/old_folder.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// Takes a catalog's steps back, newest first, until it is of `format`.
void bring_back(const fs::path& catalog, std::int64_t format) {
  constexpr const char* undo[] = {
      "alter table day_file drop column closed; drop table day_loss",
      "drop table removal; drop table removed_device; drop table removed_series; alter table dead_letter drop column "
      "device_key",
      "drop table rollup_file"};
  store::Database database(catalog, store::Database::Mode::full);
  REQUIRE(database.number("pragma user_version") == std::ssize(undo) + 1);
  for (auto step = std::ssize(undo); step >= format; --step) database.exec(undo[step - 1]);
  database.exec("pragma user_version=" + std::to_string(format));
}

/// All that a folder answers, by series.
std::map<std::uint32_t, std::vector<std::pair<std::int64_t, double>>> answers(const World& world) {
  std::map<std::uint32_t, std::vector<std::pair<std::int64_t, double>>> out;
  const auto reader = world.reader();
  for (std::uint32_t s = 1; s <= series_count; ++s) {
    const auto id = static_cast<proto::SeriesId>(s);
    for (const auto& row : reader.rows(id, everything)) out[s].emplace_back(to_ms(row.ts), row.number);
    for (const auto length : {store::hour_ms, store::day_ms})
      for (const auto& bucket : reader.aggregate(id, everything, Millis{length}, store::Aggregate::sum))
        out[s].emplace_back(to_ms(bucket.start), bucket.value);
    if (const auto latest = reader.latest(id)) out[s].emplace_back(to_ms(latest->ts), latest->number);
  }
  return out;
}

std::vector<std::string> problems(const World& world) {
  std::vector<std::string> out;
  static_cast<void>(store::verify(world.options.path, [&](const store::Problem& p) { out.push_back(to_string(p)); }));
  return out;
}

std::size_t letters(const World& world) { return world.reader().dead_letters(10).size(); }

/// Of a folder that is brought back to `format`: readers say what has to be done, the service does it, and the answers
/// are the same.
void check_opens(World& world, std::int64_t format) {
  const auto before = answers(world);
  const auto letters_before = letters(world);
  CHECK(letters_before == 1);
  bring_back(world.options.path / "catalog.db", format);
  CHECK_THROWS_WITH(world.reader(), Catch::Contains("catalog.db: has format " + std::to_string(format)) &&
                                        Catch::Contains("'telltale serve' of this version"));
  {
    auto store = world.open();
    store.stop();
  }
  CHECK(answers(world) == before);
  CHECK(letters(world) == letters_before);
  CHECK(all(problems(world)) == "");
  // It goes on: readings are sealed, and the days that were there are closed and kept.
  auto store = world.open();
  REQUIRE(store.append(batch_of({number(2, start_ms + 99, 9)})));
  const auto last = store.append(batch_of({}));
  REQUIRE(last);
  REQUIRE(store.rotate());
  REQUIRE(store.append(batch_of({})));
  REQUIRE(eventually([&] {
    store.checkpointed(*last);
    return world.files_in("log") == 1;
  }));
  store.stop();
  CHECK(store.damaged() == 0);
  CHECK(world.reader().rows(static_cast<proto::SeriesId>(2), everything).back().number == 9);
  CHECK(answers(world).at(1) == before.at(1));
  CHECK(all(problems(world)) == "");
}

std::shared_ptr<proto::Batch> letter() {
  auto batch = batch_of({});
  batch->add(proto::DeadLetter{proto::DeadLetterReason::bad_json, "telemetry/site1/x", "{", 1, "byte 1",
                               proto::DeviceKey::none});
  return batch;
}

}  // namespace

TEST_CASE("a data folder of an older format opens, answers the same and is whole", "[store]") {
  const auto format = GENERATE(std::int64_t{2}, std::int64_t{3});
  CAPTURE(format);
  OldFolder old;
  {
    auto store = old.world.open();
    old.seal(store, old.append(store, letter()));
    store.stop();
  }
  check_opens(old.world, format);
}

TEST_CASE("a data folder of the first format, which had open days only, opens and answers the same", "[store]") {
  World world;
  world.options.raw_retention_days = 30;
  {
    auto store = world.open();
    auto names = batch_of({number(1, start_ms, 1), number(2, start_ms + 1, 2)});
    add_names(*names, 2);
    REQUIRE(store.append(names));
    REQUIRE(store.append(letter()));
    const auto last = store.append(batch_of({number(1, start_ms + store::hour_ms, 3)}));
    REQUIRE(last);
    REQUIRE(store.rotate());
    REQUIRE(store.append(batch_of({number(1, start_ms + 2 * store::hour_ms, 4)})));
    REQUIRE(eventually([&] {
      store.checkpointed(*last);
      return world.files_in("log") == 1;
    }));
    store.stop();
  }
  check_opens(world, 1);
}

TEST_CASE("the keys of an older keys.db are kept, and tenants can be named in it", "[store]") {
  TemporaryFolder folder;
  const auto file = folder.path() / store::KeysDb::file_name;
  store::KeysDb(file).add({"k1", std::string(32, 's'), "acme", "n", {.read = true}, from_ms(5), {}});
  {
    store::Database database(file, store::Database::Mode::full);
    REQUIRE(database.number("pragma user_version") == 2);
    database.exec("drop table tenant; pragma user_version=1");
  }
  store::KeysDb keys(file);
  CHECK(keys.find("k1")->created == from_ms(5));
  CHECK(keys.name_tenant("acme", from_ms(6)));
  CHECK_FALSE(keys.name_tenant("acme", from_ms(7)));
  CHECK(keys.tenants().at(0).created == from_ms(6));
  keys.drop_tenant("acme", from_ms(8));
  CHECK(keys.tenants().empty());
  CHECK(keys.find("k1")->revoked == from_ms(8));
}
