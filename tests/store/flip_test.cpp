#include <catch2/catch.hpp>
#include <functional>

#include "store/keys_db.hpp"
#include "store/notify_db.hpp"
#include "store/rollup.hpp"
#include "store/state_db.hpp"
#include "tests/store/old_folder.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// An old folder with the databases of other rooms as well.
struct FullFolder : OldFolder {
  FullFolder() {
    store::StateDb(path("state.db")).put("filter", "a/#");
    store::NotifyDb::Change change;
    change.alerts = {{"a-1/critical", "acme", "{}"}};
    store::NotifyDb(path("notify.db")).apply(change);
    store::KeysDb(path("keys.db")).add({"k1", std::string(32, 's'), "acme", "n", {}, from_ms(start_ms), {}});
    for (const char* name : {"catalog.db", "recent.db"})
      store::Database(path(name), store::Database::Mode::full).checkpoint();
  }
  [[nodiscard]] fs::path rollup(store::RollupStep step) const {
    return path("rollup") /
           to_string(store::RollupFileName{store::month_of_day(store::day_of(yesterday_ms)), "raw", step});
  }
  /// Series that cannot be read, and readings of the others.
  struct Readable {
    std::uint32_t failed = 0;
    std::size_t rows = 0;
  };
  [[nodiscard]] Readable readable() const {
    Readable out;
    const auto reader = world.reader();
    for (std::uint32_t s = 1; s <= series_count; ++s) try {
        out.rows += reader.rows(static_cast<proto::SeriesId>(s), everything).size();
      } catch (const store::StoreFailure&) {
        ++out.failed;
      }
    return out;
  }
};

struct Place {
  fs::path file;
  std::uint64_t at;
};
constexpr std::uint64_t in_magic = 3;
constexpr std::uint64_t in_schema = 100;  // the kind of the first page

Place in_log(const FullFolder& old) {
  auto scanner = store::SegmentScanner::open(old.segment());
  (void)scanner->next();
  return {old.segment(), scanner->last().begin + 20};
}
Place in_closed(const FullFolder& old) {
  const auto file = old.day_path(yesterday_ms);
  return {file, place_of_chunk(file, true, 7) + 20};
}
Place in_open(const FullFolder& old) {
  const auto file = old.day_path(start_ms);
  return {file, place_of_chunk(file, false, 7) + 20};
}
Place in_hours(const FullFolder& old) { return {old.rollup(store::RollupStep::hour), in_magic}; }
Place in_days(const FullFolder& old) { return {old.rollup(store::RollupStep::day), in_schema}; }
auto in(const char* name, std::uint64_t at) {
  return [name, at](const FullFolder& old) { return Place{old.path(name), at}; };
}

enum class Start : std::uint8_t { goes_on, refuses };

std::string refusal(World& world) {
  try {
    const auto store = world.open();
  } catch (const store::StoreFailure& error) {
    return error.what();
  }
  return "";
}

/// What the room that owns the file says when it opens it.
std::string owner_says(const fs::path& file) {
  try {
    if (file.filename() == "state.db") store::StateDb(file).put("k", "v");
    if (file.filename() == "notify.db") (void)store::NotifyDb(file).load();
    if (file.filename() == "keys.db") (void)store::KeysDb(file).all();
  } catch (const store::StoreFailure& error) {
    return error.what();
  }
  return "";
}

/// Readings of a closed day come late, so that every kind of file is written.
void check_that_work_goes_on(FullFolder& old) {
  auto store = old.world.open();
  const auto late = old.append(store, batch_of({number(9, yesterday_ms + 3 * store::hour_ms, 77)}));
  old.seal(store, late);
  const auto rows = old.world.reader().rows(static_cast<proto::SeriesId>(9), everything);
  CHECK(std::ranges::any_of(rows, [](const auto& row) { return row.number == 77; }));
  store.stop();
}

}  // namespace

TEST_CASE("a flipped byte in any kind of file is named, costs what it must, and ingest goes on", "[store]") {
  using Says = std::vector<const char*>;
  const auto [kind, place, says, failed, lost, start] =
      GENERATE(table<const char*, std::function<Place(const FullFolder&)>, Says, std::uint32_t, std::size_t, Start>({
          {"log segment", in_log, {"log/", "damaged: lost"}, 0, 5, Start::goes_on},
          {"closed day", in_closed, {"day/20251120", "m7, ", "is damaged"}, 1, 0, Start::goes_on},
          {"open day", in_open, {"day/20251121", "m7, ", "is damaged"}, 1, 0, Start::goes_on},
          {"hours", in_hours, {"rollup/202511-raw-hour.db", "damaged"}, 0, 0, Start::goes_on},
          {"days", in_days, {"rollup/202511-raw-day.db", "damaged"}, 0, 0, Start::goes_on},
          {"catalog", in("catalog.db", in_magic), {"catalog.db", "back-up"}, series_count, 0, Start::refuses},
          {"catalog's schema", in("catalog.db", in_schema), {"catalog.db", "back-up"}, series_count, 0, Start::refuses},
          {"state", in("state.db", in_magic), {"state.db", "no readings"}, 0, 0, Start::goes_on},
          {"notifications", in("notify.db", in_schema), {"notify.db", "no readings"}, 0, 0, Start::goes_on},
          {"keys", in("keys.db", in_magic), {"keys.db", "readings are untouched"}, 0, 0, Start::goes_on},
          {"recent", in("recent.db", in_magic), {"recent.db", "it is a copy"}, 0, 0, Start::goes_on},
          {"recent's schema", in("recent.db", in_schema), {"recent.db", "it is a copy"}, 0, 0, Start::goes_on},
      }));
  CAPTURE(kind);
  FullFolder old;
  const auto before = old.readable();
  REQUIRE(before.failed == 0);
  const auto [file, at] = place(old);
  CAPTURE(file);
  flip(file, at);

  const auto lines = old.verify();
  INFO(all(lines));
  CHECK(one_has(lines, says));
  if (start == Start::refuses) {
    CHECK(refusal(old.world).find(file.filename().string()) != std::string::npos);
    return;
  }
  const auto after = old.readable();
  CHECK(after.failed == failed);
  CHECK(after.rows + lost + failed * std::size_t{2} * readings_per_series >= before.rows);
  if (const auto name = file.filename(); name == "state.db" || name == "notify.db" || name == "keys.db")
    CHECK(owner_says(file).find(file.filename().string()) != std::string::npos);
  check_that_work_goes_on(old);
}

TEST_CASE("a flipped byte in the -wal that a killed service leaves is named, and so is a start that would lose by it",
          "[store]") {
  const auto [database, start] = GENERATE(table<const char*, Start>({
      {"catalog.db", Start::refuses},
      {"recent.db", Start::goes_on},
      {"state.db", Start::goes_on},
      {"day", Start::goes_on},
  }));
  CAPTURE(database);
  FullFolder old;
  FullFolder killed;
  fs::remove_all(killed.world.options.path);
  {
    auto store = old.world.open();
    store::StateDb alerts(old.path("state.db"));
    for (int i = 0; i < 4; ++i) {
      old.seal(store, old.append(store, batch_of({number(9, start_ms + 60'000 + i, i)})));
      alerts.put("filter", std::to_string(i));
    }
    store.stop();
    // A copy of files that nobody writes at the moment is what a kill leaves of them.
    store::Database copier(old.path("recent.db"), store::Database::Mode::full);
    for (int i = 0; i < 2; ++i) copier.exec("insert or replace into position values(1, 1, " + std::to_string(i) + ")");
    auto open_day = store::DayFile::open(old.day_path(start_ms));
    for (const std::uint64_t generation : {900u, 901u}) store::DayFile::Seal(open_day, generation).commit();
    fs::copy(old.world.options.path, killed.world.options.path, fs::copy_options::recursive);
  }
  const auto file = database == std::string("day") ? killed.day_path(start_ms) : killed.path(database);
  const auto wal = fs::path(file.string() + "-wal");
  REQUIRE(fs::file_size(wal) >= 32 + 2 * (24 + 4096));
  flip(wal, 32 + 24 + 100);
  const auto lines = killed.verify();
  INFO(all(lines));
  CHECK(one_has(lines, {wal.filename().c_str(), "frame 1 of", "SQLite drops"}));
  if (start == Start::refuses) {
    CHECK(refusal(killed.world).find("catalog.db-wal: frame 1 is damaged") != std::string::npos);
  } else {
    check_that_work_goes_on(killed);
  }
}
