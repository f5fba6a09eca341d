#include <csignal>
#include <map>

#include "tests/store/old_folder.hpp"
#include "tests/support/child_process.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

int run_child(std::vector<std::string> arguments, const std::string& fail_point) {
  ChildOptions options;
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.begin(), TELLTALE_SALVAGE_CHILD);
  if (!fail_point.empty()) options.environment = {{"TELLTALE_FAIL_POINT", fail_point}};
  ChildProcess child(options);
  const auto status = child.wait(std::chrono::minutes(2));
  REQUIRE(status.has_value());
  return *status;
}

int run_child(const OldFolder& old, const std::string& fail_point) {
  return run_child({old.world.options.path.string()}, fail_point);
}

/// How often each reading is there, of the series that can be read.
std::map<std::uint32_t, std::map<std::int64_t, int>> readable(const OldFolder& old) {
  std::map<std::uint32_t, std::map<std::int64_t, int>> out;
  const auto reader = old.world.reader();
  for (std::uint32_t s = 1; s <= series_count; ++s) try {
      auto& times = out[s];
      for (const auto& row : reader.rows(static_cast<proto::SeriesId>(s), everything)) ++times[to_ms(row.ts)];
    } catch (const store::StoreFailure&) {
      out.erase(s);
    }
  return out;
}

}  // namespace

TEST_CASE(
    "a salvage that is killed anywhere loses and doubles nothing, and is finished by the next one or by the service",
    "[store][crash]") {
  const auto [point, closed] = GENERATE(table<const char*, bool>({
      {"salvage-before-rename", true},
      {"salvage-before-switch", true},
      {"salvage-before-switch:2", true},
      {"salvage-after-switch", true},
      {"salvage-after-switch:2", true},
      {"salvage-before-switch", false},
      {"salvage-after-switch", false},
  }));
  const bool by_service = GENERATE(false, true);
  CAPTURE(point, closed, by_service);
  OldFolder old;
  {
    auto store = old.world.open();  // a late piece: the closed day has an open file beside it
    old.seal(store, old.append(store, batch_of({number(9, yesterday_ms + 3 * store::hour_ms, 77)})));
    store.stop();
  }
  const auto file = closed ? old.day_path(yesterday_ms) : old.day_path(start_ms);
  flip(file, place_of_chunk(file, closed, 7) + 20);
  const auto before = readable(old);
  REQUIRE(before.size() == series_count - 1);

  REQUIRE(run_child(old, point) == -SIGKILL);
  const auto held = [&](const auto& now) {
    return std::ranges::all_of(before, [&](const auto& series) { return now.at(series.first) == series.second; });
  };
  CHECK(held(readable(old)));
  CHECK((by_service || run_child(old, "") == 0));
  {
    auto store = old.world.open();
    // The damaged file is met when something is written to its day.
    old.seal(store, old.append(store, batch_of({number(9, (closed ? yesterday_ms : start_ms) + 7, 7)})));
    store.stop();
  }
  auto after = readable(old);
  CHECK(after[9].erase((closed ? yesterday_ms : start_ms) + 7) == 1);
  CHECK(held(after));
  if (!by_service) CHECK(all(old.verify()) == "");
}

TEST_CASE("a file that is moved aside is never at its place without its -wal, whose rows would be missed unsaid",
          "[store][crash]") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "20251120-raw-0.db";
  const auto rows = [](const fs::path& path) {
    return store::Database(path, store::Database::Mode::read_only).number("select count(*) from t");
  };
  {
    const auto writing = folder.path() / "writing.db";
    store::Database database(writing, store::Database::Mode::full);
    database.exec("create table t(a); insert into t values(1)");
    for (const char* part : {"", "-wal"}) fs::copy_file(writing.string() + part, file.string() + part);
  }
  REQUIRE(run_child({"aside", file.string()}, "aside-before-rename") == -SIGKILL);
  const auto at_its_place = file.string() + "-wal";
  REQUIRE(fs::exists(file));
  CHECK(fs::exists(at_its_place));
  REQUIRE(run_child({"aside", file.string()}, "") == 0);
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(fs::exists(at_its_place));
  CHECK(rows(folder.path() / "damaged" / "20251120-raw-0.db.0") == 1);
}
