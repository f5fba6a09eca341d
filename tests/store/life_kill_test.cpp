#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <string>

#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "store/day_file.hpp"
#include "store/rollup.hpp"
#include "store/verify.hpp"
#include "tests/store/life_data.hpp"
#include "tests/support/child_process.hpp"

using namespace telltale;
using namespace telltale::test;
namespace fs = std::filesystem;

namespace {

constexpr int batches_per_round = 24;
using Readings = std::map<std::uint32_t, std::map<std::int64_t, double>>;

struct Round {
  int status = 0;
  int acknowledged = 0;  // batches
};

Round run_child(const fs::path& folder, int from, int to, const std::string& fail_point) {
  const auto output = folder.parent_path() / "acknowledged";
  fs::remove(output);
  ChildOptions options;
  options.arguments = {TELLTALE_LIFE_CHILD, folder.string(), std::to_string(from), std::to_string(to)};
  if (!fail_point.empty()) options.environment = {{"TELLTALE_FAIL_POINT", fail_point}};
  options.stdout_file = output;
  ChildProcess child(options);
  const auto status = child.wait(std::chrono::minutes(2));
  REQUIRE(status.has_value());
  Round round;
  round.status = *status;
  std::ifstream lines(output);
  for (std::string line; std::getline(lines, line);) ++round.acknowledged;
  return round;
}

Readings model_of(int batches) {
  Readings out;
  for (int i = 0; i < batches; ++i) life_readings(i, out);
  return out;
}

/// Of all numbers that may have been given out by now.
Readings stored(const fs::path& folder, int batches) {
  Readings out;
  const store::Reader reader(folder);
  for (std::uint32_t s = 1; s <= life_series + 1 + static_cast<std::uint32_t>(batches / life_batches_per_removal);
       ++s) {
    for (const auto& row : reader.rows(static_cast<proto::SeriesId>(s), everything))
      REQUIRE(out[s].emplace(to_ms(row.ts), row.number).second);
  }
  return out;
}

/// What is stored is what `batches` batches left, but for days that may have gone by the clock of the batch after them.
bool equal_but_for_retention(const Readings& found, int batches) {
  const auto kept_from = (store::day_of(life_clock_ms(batches)) - life_raw_days) * store::day_ms;
  const auto expected = model_of(batches);
  for (const auto& [series, values] : found)
    if (!expected.contains(series)) return false;
  for (const auto& [series, values] : expected) {
    const auto at = found.find(series);
    for (auto value = values.lower_bound(kept_from); value != values.end(); ++value) {
      if (at == found.end()) return false;
      const auto present = at->second.find(value->first);
      if (present == at->second.end() || present->second != value->second) return false;
    }
    if (at == found.end()) continue;
    for (auto present = at->second.lower_bound(kept_from); present != at->second.end(); ++present)
      if (!values.contains(present->first)) return false;
  }
  return true;
}

/// The batches that are there: all acknowledged, perhaps the one on its way. -1: something else.
int batches_present(const fs::path& folder, int acknowledged) {
  const auto found = stored(folder, acknowledged);
  for (int more = 0; more <= 1; ++more)
    if (equal_but_for_retention(found, acknowledged + more)) return acknowledged + more;
  return -1;
}

/// Every day file is sound.
void check_files(const fs::path& folder) {
  auto catalog = store::Catalog::open_read_only(folder);
  for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX))) {
    for (const auto& file : group.files) {
      const auto path = folder / "day" / file.name;
      CAPTURE(path.string());
      auto day = file.closed ? store::DayFile::open_closed(path) : store::DayFile::open_read_only(path);
      CHECK_FALSE(day.quick_check());
      store::ChunkPoints points;
      for (const auto& run : day.runs())
        while (run->next()) CHECK(store::decode_chunk(run->chunk().data, points));
    }
  }
}

void check_rollups(const fs::path& folder, int batches) {
  const auto expected = model_of(batches);
  store::Removed pending;  // removed less than an hour ago
  for (const auto& removal : store::Catalog::open_read_only(folder).pending_removals(from_ms(INT64_MAX)))
    for (const auto id : removal.series) pending.add(id);
  for (const auto& name : store::list_rollup_files(folder / "rollup")) {
    store::RollupFile::open_read_only(folder / "rollup" / to_string(name))
        .each(INT64_MIN / 2, INT64_MAX / 2, [&](const store::RollupRow& row) {
          if (pending.has(row.series)) return;
          const auto length = name.step == store::RollupStep::hour ? store::hour_ms : store::day_ms;
          const auto& values = expected.at(proto::to_number(row.series));
          double sum = 0;
          std::uint64_t n = 0;
          for (auto at = values.lower_bound(row.t); at != values.end() && at->first < row.t + length; ++at, ++n)
            sum += at->second;
          CAPTURE(to_string(name), row.t, proto::to_number(row.series));
          CHECK(row.n == n);
          CHECK(row.sum == Approx(sum));
        });
  }
}

/// Aggregates come from rollups where they can, and from readings where a rollup file is lost: nobody sees which.
void check_aggregates(const fs::path& folder, int batches) {
  const auto from = (store::day_of(life_clock_ms(batches)) - life_raw_days + 1) * store::day_ms;
  const store::Reader reader(folder);
  for (const auto& [series, values] : model_of(batches)) {
    std::map<std::int64_t, double> counts;
    for (auto at = values.lower_bound(from); at != values.end(); ++at) ++counts[store::hour_of(at->first)];
    std::map<std::int64_t, double> answer;
    for (const auto& bucket : reader.aggregate(static_cast<proto::SeriesId>(series), {from_ms(from), everything.to},
                                               Millis{store::hour_ms}, store::Aggregate::count))
      answer[store::hour_of(to_ms(bucket.start))] = bucket.value;
    CAPTURE(series);
    CHECK(answer == counts);
  }
}

/// As a failing disk or a slip of the hand would; what it said is in the other file, or in the readings.
void lose_newest_rollup(const fs::path& folder, store::RollupStep step) {
  fs::path newest;
  for (const auto& name : store::list_rollup_files(folder / "rollup"))
    if (name.step == step) newest = folder / "rollup" / to_string(name);
  REQUIRE_FALSE(newest.empty());
  store::remove_day_file(newest);
}

int rounds() {
  const char* text = std::getenv("TELLTALE_KILL_ROUNDS");
  return text == nullptr ? 36 : std::atoi(text);  // each point twice
}

}  // namespace

TEST_CASE("killed again and again while sealing, closing days, rolling up and dropping, nothing is missing or doubled",
          "[store][crash][lesson-22]") {
  const std::array<const char*, 18> points{"append-before-sync",    "append-after-sync",    "rotate",
                                           "seal-before-commit",    "seal-after-commit",    "rollup-refresh",
                                           "seal-before-unlink",    "close-before-sync",    "close-before-rollup",
                                           "close-between-rollups", "close-before-switch",  "close-after-switch",
                                           "close-before-unlink",   "retain-before-forget", "retain-before-unlink",
                                           "remove-before-rollup",  "remove-before-done",   "repair-rollup"};
  TemporaryFolder folder;
  const auto data = folder.path() / "data";
  std::mt19937 random(20251121);
  std::set<std::string> killed_at;
  int present = 0;
  for (int round = 0; round < rounds(); ++round) {
    const std::string point = points[static_cast<std::size_t>(round) % points.size()];
    const auto fail_point = point + ":" + std::to_string(1 + random() % 2);
    CAPTURE(round, fail_point, present);
    if (point == "repair-rollup")
      lose_newest_rollup(data, static_cast<std::size_t>(round) / points.size() % 2 == 0 ? store::RollupStep::day
                                                                                        : store::RollupStep::hour);
    const auto ended = run_child(data, present, present + batches_per_round, fail_point);
    REQUIRE((ended.status == -SIGKILL || ended.status == 0));
    if (ended.status == -SIGKILL) killed_at.insert(point);
    if (!fs::exists(data / "catalog.db")) continue;
    const int now = batches_present(data, present + ended.acknowledged);
    REQUIRE(now >= 0);
    present = now;
    check_files(data);
    check_aggregates(data, present);
  }
  for (const auto* point : points) {
    CAPTURE(point);
    CHECK(killed_at.contains(point));
  }
  // Left alone, the next batches see all of it through.
  const int to = (present + batches_per_round) / life_batches_per_segment * life_batches_per_segment;
  CHECK(run_child(data, present, to, "").status == 0);
  CHECK(batches_present(data, to) == to);
  check_files(data);
  check_rollups(data, to);
  CHECK(store::verify(data, [](const store::Problem& problem) { UNSCOPED_INFO(to_string(problem)); }).problems == 0);
  // Removals of a day ago and earlier have left all files.
  CHECK(
      store::Catalog::open_read_only(data).pending_removals(from_ms(life_clock_ms(to) - 30 * store::hour_ms)).empty());
}
